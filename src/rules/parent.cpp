#include "rules/parent.h"

#include <vector>

#include <fmt/format.h>

#include "rules/canonical.h"
#include "rules/claim.h"
#include "rules/merge.h"

namespace duet::rules {
namespace {

/// A parent that is in no table of this database may come to the org unseen.
constexpr TimeMs kAskAgainMs = 600'000;

constexpr std::string_view kLead = "Foreign key external ID: ";

}  // namespace

std::optional<WaitsFor> missing_parent(const Mapping& mapping, const Attempt& attempt, const Error& error) {
  if (error.code != "INVALID_FIELD" || !error.message.contains(kLead)) return std::nullopt;
  std::vector<WaitsFor> named;
  for (const auto& [name, sent] : attempt.fields) {
    const MappedField* field = mapping.find(name);
    if (!field || !field->parent || is_null(sent.value)) continue;
    WaitsFor parent{field->schema.name, key_text(sent.value)};
    const std::string told = fmt::format("{}{} not found for field {} in entity {}", kLead, parent.key,
                                         field->parent->key_field, field->parent->object);
    if (equals_ignoring_case(error.message.substr(error.message.find(kLead), told.size()), told)) return parent;
    named.push_back(std::move(parent));
  }
  return named.size() == 1 ? std::optional(named.front()) : std::nullopt;
}

void wait_for_parent(const Turn& turn, const std::string& token, const WaitsFor& parent, const Error& error) {
  requeue(turn, token);
  Lane& lane = turn.lane();
  const MappedField* field = turn.mapping().find(parent.field);
  lane.waits_for = parent;
  lane.parked = "PARENT_MISSING";
  lane.not_before = turn.context.now + kAskAgainMs;
  Issue issue;
  issue.kind = "rejected";
  issue.state = "open";
  issue.code = error.code;
  issue.message = fmt::format(
      "The record waits for its parent: the org has no {} with this {} yet. It is sent as soon as the parent is there.",
      field->parent->object, field->parent->key_field);
  issue.fields.push_back({parent.field, Absent{}, Absent{}, row_value(turn, parent.field), {}});
  turn.change.issues.push_back(std::move(issue));
}

void release_from_parent(const Turn& turn) {
  Lane& lane = turn.lane();
  if (!lane.waits_for) return;
  lane.waits_for.reset();
  lane.parked.clear();
  lane.not_before = 0;
  turn.change.resolved_issues.push_back("rejected");
  touch(turn);
}

std::optional<ChangeEvent> with_parent_keys(const Mapping& mapping, const ChangeEvent& event) {
  std::optional<ChangeEvent> told;
  for (const MappedField& field : mapping.fields) {
    if (!field.parent) continue;
    const Value& reference = value_of(event.fields, field.parent->reference);
    if (is_absent(reference)) continue;
    if (!told) told = event;
    if (is_null(reference)) {
      told->fields.emplace(field.schema.name, Null{});
    } else {
      told->unreadable_fields.push_back(field.schema.name);
    }
  }
  return told;
}

void name_parents_once(const Mapping& mapping, Attempt& attempt) {
  for (const MappedField& field : mapping.fields) {
    if (!field.parent) continue;
    const auto key = attempt.fields.find(field.schema.name);
    const auto reference = attempt.fields.find(field.parent->reference);
    if (key == attempt.fields.end() || reference == attempt.fields.end()) continue;
    attempt.fields.erase(is_null(reference->second.value) ? reference : key);
  }
}

const SentField* sent_parent(const Mapping& mapping, const Attempt& attempt, std::string_view reference) {
  for (const auto& [name, sent] : attempt.fields) {
    const MappedField* field = mapping.find(name);
    if (field && field->parent && equals_ignoring_case(field->parent->reference, reference)) return &sent;
  }
  return nullptr;
}

}  // namespace duet::rules
