#include "model/mapping.h"

#include <algorithm>
#include <array>
#include <utility>

namespace duet {
namespace {

constexpr auto kPolicyNames = std::to_array<std::pair<ConflictPolicy, std::string_view>>({
    {ConflictPolicy::salesforce, "salesforce"},
    {ConflictPolicy::postgres, "postgres"},
    {ConflictPolicy::newest, "newest"},
    {ConflictPolicy::hold, "hold"},
    {ConflictPolicy::max, "max"},
    {ConflictPolicy::min, "min"},
    {ConflictPolicy::add, "add"},
    {ConflictPolicy::union_of_both, "union"},
    {ConflictPolicy::text, "text"},
});

}  // namespace

std::optional<ConflictPolicy> conflict_policy_from_name(std::string_view name) {
  for (const auto& [policy, known] : kPolicyNames) {
    if (name == known) return policy;
  }
  return std::nullopt;
}

std::string_view name_of(ConflictPolicy policy) { return kPolicyNames[static_cast<std::size_t>(policy)].second; }

std::vector<std::string> conflict_policy_names() {
  std::vector<std::string> names;
  for (const auto& [policy, name] : kPolicyNames) names.emplace_back(name);
  return names;
}

bool is_merge_function(ConflictPolicy policy) { return policy > ConflictPolicy::hold; }

const MappedField* Mapping::find(std::string_view field) const {
  auto found = std::ranges::find_if(
      fields, [&](const MappedField& each) { return equals_ignoring_case(each.schema.name, field); });
  return found == fields.end() ? nullptr : &*found;
}

const MappedField* Mapping::find_column(std::string_view name) const {
  auto found = std::ranges::find(fields, name, &MappedField::column);
  return found == fields.end() ? nullptr : &*found;
}

ConflictPolicy Mapping::policy_for(std::string_view field) const {
  auto own = [&](std::string_view name) {
    const MappedField* mapped = find(name);
    return mapped ? mapped->conflict : std::nullopt;
  };
  const FieldGroup* group = group_of(field);
  if (!group) return own(field).value_or(conflict);
  for (const std::string& member : group->fields) {
    if (const auto policy = own(member)) return *policy;
  }
  return conflict;
}

const FieldGroup* Mapping::group_of(std::string_view field) const {
  for (const FieldGroup& group : groups) {
    if (std::ranges::any_of(group.fields, [&](const std::string& name) { return equals_ignoring_case(name, field); }))
      return &group;
  }
  return nullptr;
}

}  // namespace duet
