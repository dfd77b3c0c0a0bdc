#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/ascii.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

/// Cascades deeper than this are refused, as the real org limits depth.
constexpr int kMaxCascadeDepth = 10;

bool references(const FieldDef& field, const ObjectDef& parent) {
  return field.type == FieldType::reference && !field.removed &&
         std::ranges::any_of(field.reference_to,
                             [&parent](const std::string& to) { return same_name(to, parent.name); });
}

const ChildRelationship* relationship_of(const ObjectDef& parent, const ObjectDef& child, const FieldDef& field) {
  const auto found = std::ranges::find_if(parent.children, [&](const ChildRelationship& relation) {
    return relation.child_object == child.name && relation.field == field.name;
  });
  return found == parent.children.end() ? nullptr : &*found;
}

}  // namespace

Outcome<void> Transaction::State::detach_children(const ObjectDef& object, std::uint32_t slot, bool purge, int depth) {
  const Value id = org.id_of(row_key(object.index, slot));
  for (const ObjectDef& child : org.schema.objects()) {
    for (const FieldDef& field : child.fields) {
      if (!references(field, object)) continue;
      const ChildRelationship* relation = relationship_of(object, child, field);
      for (const std::uint32_t at : find(child, field, id)) {
        const RowKey key = row_key(child.index, at);
        if (relation != nullptr && relation->cascade_delete) {
          if (auto removed = remove(child, at, purge, depth + 1); !removed) return removed;
          continue;
        }
        if (relation != nullptr && relation->restricted_delete) {
          return fail(
              codes::kDeleteFailed,
              fmt::format(
                  "Your attempt to delete {} could not be completed because it is associated with the following "
                  "{}: {}",
                  std::get<std::string>(id), child.label_plural, org.id_of(key)));
        }
        if (!field.nillable) continue;
        // Clearing a lookup is an update of the child, with stamps and an event of its own (§6.4).
        if (auto locked_row = lock(key); !locked_row) return locked_row;
        PendingRow& row = touch(key);
        row.after[field.index] = Value{};
        stamp(row, child);
      }
    }
  }
  return {};
}

Outcome<void> Transaction::State::remove(const ObjectDef& object, std::uint32_t slot, bool purge, int depth) {
  const RowKey key = row_key(object.index, slot);
  if (state_of(key) != RowState::live && !(purge && state_of(key) == RowState::deleted)) return {};
  if (depth > kMaxCascadeDepth) return fail(codes::kDeleteFailed, "The delete cascades too deep");
  if (auto locked_row = lock(key); !locked_row) return locked_row;
  const bool live = state_of(key) == RowState::live;
  PendingRow& row = touch(key);
  if (live) {
    if (auto ruled = run_rules(object, key, row, Operation::remove); !ruled) return ruled;
    row.state = RowState::deleted;  // before the children, so that a cycle of parents ends
    if (auto detached = detach_children(object, slot, purge, depth); !detached) return detached;
  }
  row.stamp = org.now_second();
  if (purge) {
    row.state = RowState::purged;
    row.silent = true;
  }
  if (!live) return {};
  if (auto locked_rows = lock_parents(object, row, Operation::remove); !locked_rows) return locked_rows;
  return automate_after(object, key, Operation::remove);
}

Outcome<void> Transaction::State::undelete(const ObjectDef& object, std::uint32_t slot, int depth) {
  const RowKey key = row_key(object.index, slot);
  const Table& table = org.table(object);
  if (depth > kMaxCascadeDepth) return {};
  if (auto locked_row = lock(key); !locked_row) return locked_row;
  PendingRow& row = touch(key);
  row.state = RowState::live;
  row.stamp = org.now_second();
  // A unique value that somebody took meanwhile stays with the taker (§6.4).
  for (const FieldDef& field : object.fields) {
    if (!field.unique || is_null(row.after[field.index])) continue;
    if (auto unique = check_unique(object, key, field, row.after[field.index]); !unique) return unique;
  }
  if (auto ruled = run_rules(object, key, row, Operation::undelete); !ruled) return ruled;
  if (auto locked_rows = lock_parents(object, row, Operation::undelete); !locked_rows) return locked_rows;
  if (auto automated = automate_after(object, key, Operation::undelete); !automated) return automated;

  // The children that the same delete took along come back with it.
  const Version* deletion = table.newest_version(slot);
  if (deletion == nullptr) return {};
  const Value id = org.id_of(key);
  for (const ChildRelationship& relation : object.children) {
    const ObjectDef* child = org.schema.object(relation.child_object);
    const FieldDef* field = child != nullptr && relation.cascade_delete ? child->field(relation.field) : nullptr;
    if (field == nullptr) continue;
    const Table& children = org.table(*child);
    std::vector<std::uint32_t> together;
    children.find(*field, to_view(id), [&](std::uint32_t at) {
      const Version* version = children.newest_version(at);
      if (children.state(at) == RowState::deleted && version != nullptr && version->commit == deletion->commit &&
          version->type == ChangeType::remove) {
        together.push_back(at);
      }
      return true;
    });
    std::ranges::sort(together);
    for (const std::uint32_t at : together) {
      if (auto restored = undelete(*child, at, depth + 1); !restored) return restored;
    }
  }
  return {};
}

}  // namespace orgsim
