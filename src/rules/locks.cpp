#include "rules/locks.h"

#include <algorithm>
#include <array>

namespace duet::rules {
namespace {

/// When a write of the child locks what the field refers to: `I`nsert, `D`elete, `C`hange of the reference, any
/// `U`pdate.
struct LockFact {
  std::string_view object;
  std::string_view field;
  std::string_view when;
};

/// spec/standard-objects.json, lockFacts. Where a lock depends on which other field changes, the update counts: a lock
/// that is planned for and not taken costs a little parallelism, one that is forgotten costs a retry.
constexpr auto kFacts = std::to_array<LockFact>({
    {"contact", "accountid", "IDC"},
    {"contact", "reportstoid", "IC"},
    {"opportunity", "accountid", "IDC"},
    {"opportunity", "campaignid", "IDCU"},
    {"opportunitylineitem", "opportunityid", "IDU"},
    {"opportunitycontactrole", "opportunityid", "IDU"},
    {"opportunityteammember", "opportunityid", "ID"},
    {"case", "accountid", "IDC"},
    {"case", "contactid", "IC"},
    {"casecomment", "parentid", "IDU"},
    {"caseteammember", "parentid", "ID"},
    {"campaignmember", "campaignid", "IDU"},
    {"campaignmember", "contactid", "ID"},
    {"campaignmember", "leadid", "ID"},
    {"task", "whoid", "IDU"},
    {"task", "whatid", "IDU"},
    {"task", "accountid", "IDU"},
    {"event", "whoid", "IDU"},
    {"event", "whatid", "IDU"},
    {"event", "accountid", "IDU"},
    {"attachment", "parentid", "ID"},
    {"note", "parentid", "ID"},
    {"contentversion", "contentdocumentid", "IU"},
    {"pricebookentry", "product2id", "I"},
    {"pricebookentry", "pricebook2id", "I"},
    {"account", "parentid", "IC"},
    {"accountteammember", "accountid", "ID"},
    {"contract", "accountid", "IDC"},
    {"order", "accountid", "IDC"},
    {"orderitem", "orderid", "IDU"},
    {"asset", "accountid", "IDC"},
});

constexpr std::string_view kAlways = "IDU";
/// Documented: a custom lookup may lock its target, by its delete option, which describe does not tell.
constexpr std::string_view kCustomLookup = "IC";
constexpr std::size_t kShortId = 15;

std::string_view when_locked(const Mapping& mapping, const FieldSchema& field, const LearntLocks& learnt) {
  const std::string name = to_lower(field.name);
  if (learnt.knows(mapping, field.name)) return kAlways;
  const bool custom = name.ends_with("__c");
  if (custom) return field.cascade_delete ? kAlways : kCustomLookup;
  const std::string object = to_lower(mapping.object);
  const auto fact =
      std::ranges::find_if(kFacts, [&](const LockFact& each) { return each.object == object && each.field == name; });
  return fact == kFacts.end() ? std::string_view() : fact->when;
}

bool is_locked(std::string_view when, const Attempt& attempt, std::string_view field) {
  switch (attempt.kind) {
    case AttemptKind::create:
      return when.contains('I');
    case AttemptKind::remove:
      return when.contains('D');
    case AttemptKind::update:
      break;
  }
  return when.contains('U') || (when.contains('C') && attempt.fields.contains(field));
}

}  // namespace

bool LearntLocks::knows(const Mapping& mapping, std::string_view field) const {
  return fields_.contains({to_lower(mapping.object), to_lower(field)});
}

bool LearntLocks::learn(const Mapping& mapping, const std::vector<std::pair<std::string, std::string>>& references,
                        std::string_view message) {
  bool fresh = false;
  for (const auto& [field, id] : references) {
    if (id.size() < kShortId || !message.contains(std::string_view(id).substr(0, kShortId))) continue;
    fresh |= fields_.insert({to_lower(mapping.object), to_lower(field)}).second;
  }
  return fresh;
}

std::vector<std::pair<std::string, std::string>> references_of(const Mapping& mapping, const Attempt& attempt,
                                                               const FieldValues& row) {
  std::vector<std::pair<std::string, std::string>> references;
  const auto add = [&](const std::string& field, const Value& value) {
    const auto* id = std::get_if<std::string>(&value);
    if (id && !id->empty()) references.emplace_back(field, *id);
  };
  const FieldValues& values = attempt.removal ? attempt.removal->old_values : row;
  for (const MappedField& field : mapping.fields) {
    if (field.schema.type != FieldType::reference) continue;
    add(field.schema.name, value_of(values, field.schema.name));
    const auto sent = attempt.fields.find(field.schema.name);
    if (sent != attempt.fields.end() && sent->second.base != sent->second.value)
      add(field.schema.name, sent->second.base);
  }
  return references;
}

std::vector<std::string> locked_parents(const Mapping& mapping, const Attempt& attempt,
                                        const std::vector<std::pair<std::string, std::string>>& references,
                                        const LearntLocks& learnt) {
  std::vector<std::string> parents;
  for (const auto& [name, id] : references) {
    const MappedField* field = mapping.find(name);
    if (field && is_locked(when_locked(mapping, field->schema, learnt), attempt, name)) parents.push_back(id);
  }
  return parents;
}

}  // namespace duet::rules
