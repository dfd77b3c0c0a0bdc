#include "orgsim/core/history.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/core/org_state.h"
#include "orgsim/core/query.h"

namespace orgsim {

using nlohmann::json;

namespace {

std::vector<FieldChange> differences(const ObjectDef& object, const std::vector<Value>& before,
                                     const std::vector<Value>& after) {
  std::vector<FieldChange> changes;
  for (const FieldDef& field : object.fields) {
    const Value old_value = field.index < before.size() ? before[field.index] : Value{};
    if (old_value != after[field.index]) changes.push_back({field.name, field.type, old_value, after[field.index]});
  }
  return changes;
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
  // From now backwards, undoing one version after the other; turned round at the end.
  std::vector<RecordVersion> versions;
  RowImage image = table.image_at(*slot, static_cast<std::uint32_t>(impl_->commits.size()));
  auto after = impl_->full_values(**object, *slot, image.state, image.stamp, image.packed());
  const auto add = [&](std::uint32_t at, ChangeType type, bool purged, const std::vector<Value>& before) {
    const CommitInfo& commit = impl_->commits[at];
    versions.push_back({commit.number, commit.ms, commit.transaction_key, commit.user_id, commit.client, commit.api,
                        type, purged, differences(**object, before, after)});
  };
  for (const Version* at = table.newest_version(*slot); at != nullptr; at = at->older.get()) {
    const std::string packed = apply_old_cells(image.packed(), at->old_cells);
    auto before = impl_->full_values(**object, *slot, at->old_state, at->old_stamp, packed);
    add(at->commit, at->type, at->state == RowState::purged, before);
    image.rebuilt = packed;
    image.undone = true;
    after = std::move(before);
  }
  add(table.created(*slot), ChangeType::create, false, {});
  std::ranges::reverse(versions);
  return versions;
}

json to_json(const RecordVersion& version) {
  json fields = json::object();
  for (const FieldChange& change : version.fields) {
    fields[change.field] = {{"old", rest_value(change.type, to_view(change.before))},
                            {"new", rest_value(change.type, to_view(change.after))}};
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
