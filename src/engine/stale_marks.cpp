#include "engine/stale_marks.h"

#include <algorithm>

namespace duet::engine {
namespace {

constexpr const char* kStamp = "SystemModstamp";

bool is_calculated(const Mapping& mapping, std::string_view name) {
  const MappedField* field = mapping.find(name);
  return field && field->schema.calculated;
}

std::vector<ports::StaleLink> to_links(const std::vector<rules::FormulaLink>& path) {
  std::vector<ports::StaleLink> links;
  for (const rules::FormulaLink& link : path) links.push_back({link.mapping, link.reference});
  return links;
}

/// The record's Id, before or after the change.
const std::string& sfid_of(const RecordBatch::Entry& entry) {
  for (const Record* record : {&entry.record, &entry.before}) {
    if (record->row && !record->row->sfid.empty()) return record->row->sfid;
  }
  return entry.record.lane.sfid.empty() ? entry.record.ref.sfid : entry.record.lane.sfid;
}

/// What moved in the org between the row before and after: what the read set, and what attempts of ours sent that the
/// row had already.
std::set<std::string, std::less<>> moved(const RecordBatch::Entry& entry) {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, value] : entry.change.set) names.insert(name);
  if (entry.before.lane.attempts.size() > entry.record.lane.attempts.size()) {
    for (const Attempt& attempt : entry.before.lane.attempts) {
      for (const auto& [name, sent] : attempt.fields) names.insert(name);
    }
    names.insert(kStamp);
  }
  return names;
}

}  // namespace

/// Without `changed`: the record is gone.
void StaleMarks::note_dependents(const rules::FormulaEffects& effects, const Names* changed, const std::string& sfid) {
  if (sfid.empty()) return;
  for (const rules::FormulaDependent& dependent : effects.dependents) {
    if (changed && !dependent.trigger.fires(*changed)) continue;
    Path path;
    for (const rules::FormulaLink& link : dependent.path) path.emplace_back(link.mapping, link.reference);
    noted_[path].insert(sfid);
  }
}

void StaleMarks::note_roll_ups(const rules::FormulaEffects& effects, const RecordBatch::Entry& entry) {
  for (const rules::RollUp& roll_up : effects.roll_ups) {
    for (const Record* record : {&entry.before, &entry.record}) {
      if (!record->row) continue;
      const auto* parent = std::get_if<std::string>(&value_of(record->row->values, roll_up.reference));
      if (parent && !parent->empty()) add(*roll_up.parent, *parent);
    }
  }
}

void StaleMarks::note_event(const Mapping& mapping, const ChangeEvent& event, const std::string& sfid,
                            const RecordBatch::Entry& entry) {
  const rules::FormulaEffects* effects = graph_.effects_of(mapping);
  if (!effects) return;
  note_roll_ups(*effects, entry);
  if (event.kind == EventKind::remove) return note_dependents(*effects, nullptr, sfid);
  Names changed(event.unreadable_fields.begin(), event.unreadable_fields.end());
  for (const auto& [name, value] : event.fields) changed.insert(name);
  changed.insert(kStamp);
  const bool whole = event.kind == EventKind::create || event.kind == EventKind::undelete;
  // A dirty record is read whole, with its calculated fields.
  if (effects->self && !entry.record.lane.dirty && (whole || effects->self->fires(changed))) add(mapping, sfid);
  // No formula could name it before it was there.
  if (event.kind != EventKind::create) note_dependents(*effects, &changed, sfid);
}

void StaleMarks::note_page(const Mapping& mapping, const RecordBatch::Entry& entry) {
  const rules::FormulaEffects* effects = graph_.effects_of(mapping);
  const bool settled = entry.before.lane.attempts.size() > entry.record.lane.attempts.size();
  if (!effects || (entry.change.row_action == RowAction::keep && !settled)) return;
  const Names names = moved(entry);
  if (std::ranges::any_of(names, [&](const std::string& name) { return !is_calculated(mapping, name); }) ||
      entry.change.row_action == RowAction::remove) {
    note_roll_ups(*effects, entry);
  }
  if (entry.change.row_action == RowAction::insert) return;
  const bool gone = entry.change.row_action == RowAction::remove;
  note_dependents(*effects, gone ? nullptr : &names, sfid_of(entry));
}

void StaleMarks::note_read(const Mapping& mapping, const RecordBatch::Entry& entry) {
  note_page(mapping, entry);
  const rules::FormulaEffects* effects = graph_.effects_of(mapping);
  if (!effects || !effects->self || entry.change.row_action == RowAction::remove) return;
  const bool calculated =
      std::ranges::any_of(entry.change.set, [&](const auto& each) { return is_calculated(mapping, each.first); });
  if (calculated) add(mapping, sfid_of(entry));
}

void StaleMarks::note_loaded(const Mapping& mapping, const Connection& connection, TimeMs since) {
  for (const Mapping& changed : connection.mappings) {
    const rules::FormulaEffects* effects = graph_.effects_of(changed);
    if (!effects) continue;
    for (const rules::FormulaDependent& dependent : effects->dependents) {
      if (dependent.path.front().mapping == &mapping) since_.push_back({to_links(dependent.path), {}, &changed, since});
    }
  }
}

Result<void> StaleMarks::write(ports::StoreTransaction& transaction, TimeMs now) {
  std::vector<ports::StaleScope> scopes = std::move(since_);
  since_.clear();
  for (const auto& [path, sfids] : noted_) {
    ports::StaleScope& scope = scopes.emplace_back();
    for (const auto& [mapping, reference] : path) scope.path.push_back({mapping, reference});
    scope.sfids.assign(sfids.begin(), sfids.end());
  }
  noted_.clear();
  if (scopes.empty()) return {};
  return transaction.mark_stale(scopes, now + kStaleDelayMs);
}

}  // namespace duet::engine
