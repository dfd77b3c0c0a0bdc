#include "orgsim/core/history.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/core/org_state.h"

namespace orgsim {

using nlohmann::json;

namespace {

std::vector<FieldChange> differences(const ObjectDef& object, const std::vector<Value>& before,
                                     const std::vector<Value>& after) {
  std::vector<FieldChange> changes;
  for (const FieldDef& field : object.fields) {
    const Value old_value = field.index < before.size() ? before[field.index] : Value{};
    if (old_value != after[field.index]) changes.push_back({field.name, old_value, after[field.index]});
  }
  return changes;
}

json plain(const Value& value) {
  return std::visit(
      [](const auto& held) -> json {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
          return nullptr;
        } else {
          return held;
        }
      },
      value);
}

}  // namespace

Outcome<std::vector<RecordVersion>> Org::history(std::string_view object_name, std::string_view id) const {
  const auto object = impl_->object(object_name);
  if (!object) return std::unexpected(object.error());
  const auto canonical = canonical_id(id);
  const auto slot = canonical ? impl_->slot_of_id(**object, *canonical) : std::nullopt;
  const Table& table = impl_->table(**object);
  if (!slot || table.state(*slot) == RowState::absent) {
    return fail(codes::kNotFound, "The requested resource does not exist");
  }
  struct Step {
    std::uint32_t commit;
    ChangeType type;
    bool purged;
  };
  std::vector<Step> steps;
  for (const Version* at = table.newest_version(*slot); at != nullptr; at = at->older.get()) {
    steps.push_back({at->commit, at->type, at->state == RowState::purged});
  }
  steps.push_back({table.created(*slot), ChangeType::create, false});
  std::ranges::reverse(steps);

  std::vector<RecordVersion> versions;
  std::vector<Value> before;
  for (const Step& step : steps) {
    const CommitInfo& commit = impl_->commits[step.commit];
    const RowImage image = table.image_at(*slot, step.commit + 1);
    auto after = impl_->full_values(**object, *slot, image.state, image.stamp, image.packed());
    versions.push_back({commit.number, commit.ms, commit.transaction_key, commit.user_id, commit.client, commit.api,
                        step.type, step.purged, differences(**object, before, after)});
    before = std::move(after);
  }
  return versions;
}

json to_json(const RecordVersion& version) {
  json fields = json::object();
  for (const FieldChange& change : version.fields) {
    fields[change.field] = {{"old", plain(change.before)}, {"new", plain(change.after)}};
  }
  return {{"commitNumber", version.commit_number},
          {"commitTimestamp", version.commit_ms},
          {"transactionKey", version.transaction_key},
          {"user", version.user_id},
          {"client", version.client},
          {"api", version.api},
          {"changeType", version.purged ? "PURGE" : std::string(change_type_name(version.type))},
          {"fields", std::move(fields)}};
}

}  // namespace orgsim
