#include "violations.h"

#include <algorithm>

#include <fmt/format.h>

namespace duet::simulation {
namespace {

void check_held(Database& db, const Lane& before, const Record& record, const RecordChange& change) {
  const Attempt* sent = record.lane.in_flight();
  const bool fresh = sent && std::ranges::find(before.attempts, sent->token, &Attempt::token) == before.attempts.end();
  for (const auto& [name, frozen] : before.frozen) {
    if (!record.lane.frozen.contains(name)) continue;
    if (fresh && sent->fields.contains(name)) db.violations.push_back("held, and sent: " + name);
    // One transaction may end a freeze and begin another.
    const bool same = record.lane.frozen.find(name)->second == frozen;
    const auto row = record.row ? db.rows.find(record.row->id) : db.rows.end();
    const Value& written = value_of(change.set, name);
    if (same && row != db.rows.end() && !is_absent(written) && written != value_of(row->second.values, name))
      db.violations.push_back(fmt::format("held, and taken in: {} of row {}", name, row->first));
  }
  if (fresh && before.frozen_delete && record.lane.frozen_delete) db.violations.emplace_back("a held delete was sent");
}

void check_groups(Database& db, const Mapping& mapping, const Record& record, const RecordChange& change) {
  // A decision writes what the whole group shall hold, some of it forward.
  if (!record.row || change.row_action == RowAction::insert || !change.forward.empty()) return;
  for (const FieldGroup& group : mapping.groups) {
    auto pending = [&](const std::string& name) { return record.lane.pending.contains(name); };
    const bool unsent = std::ranges::any_of(group.fields, [&](const std::string& name) {
      return pending(name) && value_of(record.row->values, name) != record.lane.pending.find(name)->second.base;
    });
    for (const std::string& name : group.fields) {
      if (unsent && change.set.contains(name) && !pending(name)) {
        db.violations.push_back(
            fmt::format("mixed group: the org's {} of row {} stands beside what is not sent", name, record.row->id));
      }
    }
  }
}

}  // namespace

void note_violations(Database& db, const Mapping& mapping, const Lane& before, const Record& record,
                     const RecordChange& change) {
  check_held(db, before, record, change);
  check_groups(db, mapping, record, change);
}

}  // namespace duet::simulation
