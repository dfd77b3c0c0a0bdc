// Which parents a write locks (spec §5 UNABLE_TO_LOCK_ROW; spec/standard-objects.json, lockFacts).
#include <algorithm>
#include <array>
#include <string_view>

#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

/// Standard references that are like a master-detail: every write of the child locks the parent.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kDetails = {
    {{"OpportunityLineItem", "OpportunityId"},
     {"OpportunityContactRole", "OpportunityId"},
     {"CaseComment", "ParentId"},
     {"OrderItem", "OrderId"}}};

/// References whose parent an update locks when one of these fields changes.
struct UpdateLock {
  std::string_view object;
  std::string_view field;
  std::array<std::string_view, 2> causes;
};
constexpr std::array<UpdateLock, 2> kUpdateLocks = {{{"Opportunity", "CampaignId", {"Amount", "StageName"}},
                                                     {"CampaignMember", "CampaignId", {"Status", "HasResponded"}}}};

bool is_detail(const ObjectDef& object, const FieldDef& field) {
  return (field.custom && field.cascade_delete) ||
         std::ranges::find(kDetails, std::pair<std::string_view, std::string_view>(object.name, field.name)) !=
             kDetails.end();
}

bool is_activity(const ObjectDef& object) { return object.name == "Task" || object.name == "Event"; }

/// A new activity locks its parents only when it can move their last activity.
bool activity_counts(const ObjectDef& object, const PendingRow& row) {
  const FieldDef* date = object.field("ActivityDate");
  const FieldDef* closed = object.field("IsClosed");
  const bool is_closed = closed != nullptr && row.after[closed->index] == Value{true};
  return date != nullptr && !is_null(row.after[date->index]) && !is_closed;
}

bool update_locks(const ObjectDef& object, const FieldDef& field, const PendingRow& row) {
  if (is_detail(object, field) || is_activity(object)) return true;
  const auto found = std::ranges::find_if(
      kUpdateLocks, [&](const UpdateLock& lock) { return lock.object == object.name && lock.field == field.name; });
  return found != kUpdateLocks.end() && std::ranges::any_of(found->causes, [&](std::string_view name) {
           const FieldDef* cause = object.field(name);
           return cause != nullptr && row.before[cause->index] != row.after[cause->index];
         });
}

}  // namespace

Outcome<void> Transaction::State::lock_parents(const ObjectDef& object, const PendingRow& row, Operation operation) {
  if (!org.settings.parent_locks) return {};
  for (const FieldDef& field : object.fields) {
    // A custom lookup locks its target when it is set or changed; the org's own references only where it is known.
    const bool is_lookup = field.custom && !field.cascade_delete;
    if (field.type != FieldType::reference || field.removed || !(field.locks_parent || is_lookup)) continue;
    const Value& after = row.after[field.index];
    const Value before = row.inserted ? Value{} : row.before[field.index];
    bool locks = !is_lookup;
    if (operation == Operation::insert) locks = !is_activity(object) || activity_counts(object, row);
    if (operation == Operation::update) locks = before != after || (!is_lookup && update_locks(object, field, row));
    if (!locks) continue;
    for (const Value* id : {&before, &after}) {
      if (auto locked_row = lock_parent(*id); !locked_row) return locked_row;
    }
  }
  return {};
}

Outcome<void> Transaction::State::lock_parent(const Value& id) {
  const auto* text = std::get_if<std::string>(&id);
  const ObjectDef* parent = text != nullptr ? org.schema.object_by_prefix(*text) : nullptr;
  const auto slot = parent != nullptr ? org.slot_of_id(*parent, *text) : std::nullopt;
  if (!slot || parent->name == "User" || parent->name == "Group") return {};
  const RowKey key = row_key(parent->index, *slot);
  return state_of(key) == RowState::live ? lock(key) : Outcome<void>{};
}

}  // namespace orgsim
