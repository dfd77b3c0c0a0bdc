#include <algorithm>
#include <utility>

#include "rules/late.h"
#include "rules/merge.h"
#include "rules/settle.h"

namespace duet::rules {

void hold(const Turn& turn, std::string_view field, const Value& value, const Remote& remote) {
  turn.lane().held[std::string(field)].push_back({value, remote.changed_at, remote.actor, remote.certain, remote.own});
  touch(turn);
}

void release_held(const Turn& turn, const MappedField& field) {
  struct Released {
    const MappedField* field;
    HeldValue held;
  };
  std::vector<Released> released;
  for (const MappedField* member : unit_of(turn.mapping(), field)) {
    for (HeldValue& held : take_held(turn, member->schema.name)) released.push_back({member, std::move(held)});
  }
  // The fields of a group come together again as they were written.
  std::ranges::stable_sort(released, {}, [](const Released& each) { return each.held.changed_at.from; });
  for (auto each = released.begin(); each != released.end();) {
    FieldValues values;
    const Remote remote = remote_of(each->held);
    while (each != released.end() && each->held.changed_at.from == remote.changed_at.from &&
           each->held.actor == remote.actor && !values.contains(each->field->schema.name)) {
      values.emplace(each->field->schema.name, each->held.value);
      ++each;
    }
    merge_fields(turn, values, remote);
  }
}

void release_orphans(const Turn& turn) {
  std::vector<std::string> orphans;
  bool certain = true;
  for (const auto& [name, held] : turn.lane().held) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || has_attempt(turn, *field)) continue;
    orphans.push_back(name);
    certain = certain && std::ranges::all_of(held, &HeldValue::certain);
  }
  // What may be older than the row is no change.
  if (!certain) return mark_dirty(turn, "two versions in the same second");
  for (const std::string& name : orphans) release_held(turn, *turn.mapping().find(name));
}

}  // namespace duet::rules
