#include <fmt/format.h>

#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

bool is_system(const Writer& writer) { return writer.transport == Transport::internal; }

}  // namespace

Outcome<const ObjectDef*> Transaction::State::object(std::string_view name) {
  if (is_system(writer)) return org.object(name);
  view = org.view(writer.user_id);
  const ObjectDef* found = view->schema->object(name);
  if (found == nullptr) return fail(codes::kNotFound, "The requested resource does not exist");
  return &org.schema.object_at(found->index);
}

const ObjectDef& Transaction::State::seen(const ObjectDef& object) const {
  return automation_depth > 0 || is_system(writer) ? object : view->schema->object_at(object.index);
}

RecordAccess Transaction::State::record_access(const ObjectDef& object, RowKey key) const {
  if (view->access.all_data || is_system(writer)) return {true, true};
  const FieldDef* owner = object.field("OwnerId");
  const Value id = owner != nullptr ? current(key, *owner) : Value{};
  const auto* text = std::get_if<std::string>(&id);
  return org.record_access(*view, object, writer.user_id, text != nullptr ? *text : std::string());
}

Outcome<void> Transaction::State::row_fate(const ObjectDef& object, std::string_view operation) const {
  if (!org.row_fate || is_system(writer)) return {};
  const auto refused = org.row_fate({object.name, operation, writer.transport});
  return refused ? Outcome<void>(std::unexpected(*refused)) : Outcome<void>{};
}

Outcome<void> Transaction::State::may_create(const ObjectDef& object) const {
  if (view->access.all_data || is_system(writer) || !object.createable || view->access.to(object).create) {
    return row_fate(object, "INSERT");
  }
  return fail("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", fmt::format("entity type cannot be inserted: {}", object.label));
}

Outcome<void> Transaction::State::may_write(const ObjectDef& object, RowKey key,
                                            bool ObjectAccess::* permission) const {
  const RecordAccess access = record_access(object, key);
  if (!access.read) {
    return fail("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id");
  }
  const bool permitted = view->access.all_data || is_system(writer) || view->access.to(object).*permission;
  if (permitted && access.edit) return row_fate(object, permission == &ObjectAccess::edit ? "UPDATE" : "DELETE");
  return fail("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id");
}

}  // namespace orgsim
