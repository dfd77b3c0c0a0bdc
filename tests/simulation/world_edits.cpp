#include <algorithm>

#include <fmt/format.h>

#include "rules/capture.h"
#include "rules/resolve.h"
#include "world.h"

namespace duet::simulation {
namespace {

std::string shown(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  const auto* text = std::get_if<std::string>(&value);
  std::string out = text ? *text : "null";
  std::ranges::replace(out, '\n', '/');
  return out;
}

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : std::string();
}

}  // namespace

std::string World::new_value() { return fmt::format("v{}", ++values_); }

FieldValues World::some_values(unsigned null_percent) {
  FieldValues values;
  for (const char* field : {"A__c", "B__c", "C__c"}) {
    if (!random_.chance(45)) continue;
    values[field] = random_.chance(null_percent) ? Value(Null{}) : Value(new_value());
  }
  if (values.empty()) values["A__c"] = new_value();
  return values;
}

void World::app_inserts() {
  FieldValues values = some_values(0);
  if (random_.chance(30)) {
    // An app that takes a key again while the delete of its last holder is under way waits for it
    // (docs/decisions/0003).
    const std::string key = fmt::format("k{}", random_.below(8));
    if (!removed_keys_.contains(key)) values["Ext__c"] = key;
  }
  if (!functions_.empty()) values["N__c"] = 0.0;
  const std::int64_t id = store_->app_insert(values);
  if (id == 0) return;
  std::string told;
  for (const auto& [name, value] : values) {
    if (name != "Ext__c" && name != "N__c") app_values_.insert(text_of(value));
    told += fmt::format(" {}={}", name, text_of(value));
  }
  note("app inserts", fmt::format("{}{}", id, told));
}

void World::app_updates() {
  const auto& rows = store_->database().rows;
  if (rows.empty()) return;
  const Row row = std::next(rows.begin(), static_cast<std::ptrdiff_t>(random_.below(rows.size())))->second;
  FieldValues values = some_values(8);
  const std::size_t edits = part_edits_.size();
  edit_parts(values, row.values, row.id, {});
  if (!store_->app_update(row.id, values)) {
    part_edits_.resize(edits);
    return;
  }
  std::string told;
  for (const auto& [name, value] : values) {
    if (std::ranges::find(functions_, name) != functions_.end()) {
      told += fmt::format(" {}={}", name, shown(value));
      continue;
    }
    seen_over_.insert(text_of(value_of(row.values, name)));
    app_values_.insert(text_of(value));
    told += fmt::format(" {}={}", name, text_of(value));
  }
  ++statistics_.edits;
  note("app updates", fmt::format("{}{}", row.id, told));
}

void World::app_takes_back() {
  const Database& db = store_->database();
  // The newest value that the app gave, and what the row had before.
  for (auto set = db.history.rbegin(); set != db.history.rend(); ++set) {
    if (!set->by_app || set->field.empty() || set->field > "D" || !db.rows.contains(set->row_id)) continue;
    const auto before = std::find_if(std::next(set), db.history.rend(), [&](const RowVersion& version) {
      return version.row_id == set->row_id && version.field == set->field;
    });
    const Value now = value_of(db.rows.at(set->row_id).values, set->field);
    if (before == db.history.rend() || now != set->value) return;
    const RowVersion back = *before;
    if (!store_->app_update(back.row_id, {{back.field, back.value}})) return;
    seen_over_.insert(text_of(now));
    brought_back_.insert(text_of(back.value));
    note("app takes back", fmt::format("{} {}={}", back.row_id, back.field, text_of(back.value)));
    return;
  }
}

void World::app_removes() {
  const auto& rows = store_->database().rows;
  if (!deletes_ || rows.empty()) return;
  const Row row = std::next(rows.begin(), static_cast<std::ptrdiff_t>(random_.below(rows.size())))->second;
  if (!store_->app_remove(row.id)) return;
  for (const auto& [name, value] : row.values) seen_over_.insert(text_of(value));
  removed_keys_.insert(text_of(value_of(row.values, "Ext__c")));
  ++statistics_.deletes;
  note("app removes", fmt::format("{} {}", row.id, row.sfid));
}

void World::person_creates() {
  const std::string key = random_.chance(30) ? fmt::format("k{}", random_.below(8)) : "";
  FieldValues values = some_values(0);
  if (!functions_.empty()) values["N__c"] = 0.0;
  const std::string sfid = org_->person_creates(key, values);
  if (!sfid.empty()) note("person creates", sfid + " " + key);
}

void World::person_updates() {
  std::vector<OrgRecord> live = org_->records();
  std::erase_if(live, [](const OrgRecord& record) { return record.deleted; });
  if (live.empty()) return;
  const OrgRecord& record = live[random_.below(live.size())];
  FieldValues values = some_values(8);
  const std::size_t edits = part_edits_.size();
  edit_parts(values, record.fields, 0, record.sfid);
  if (!org_->person_updates(record.sfid, values)) {
    part_edits_.resize(edits);
    return;
  }
  std::string told;
  for (const auto& [name, value] : values) {
    if (std::ranges::find(functions_, name) != functions_.end()) {
      told += fmt::format(" {}={}", name, shown(value));
      continue;
    }
    seen_over_.insert(text_of(value_of(record.fields, name)));
    told += fmt::format(" {}={}", name, text_of(value));
  }
  ++statistics_.edits;
  note("person updates", record.sfid + told);
}

void World::person_removes() {
  std::vector<OrgRecord> live = org_->records();
  std::erase_if(live, [](const OrgRecord& record) { return record.deleted; });
  if (!deletes_ || live.empty()) return;
  const OrgRecord& record = live[random_.below(live.size())];
  if (!org_->person_removes(record.sfid)) return;
  for (const auto& [name, value] : record.fields) seen_over_.insert(text_of(value));
  ++statistics_.deletes;
  note("person removes", record.sfid);
}

void World::person_undeletes() {
  std::vector<OrgRecord> gone = org_->records();
  std::erase_if(gone, [](const OrgRecord& record) { return !record.deleted; });
  // Only where nothing else goes wrong: an undelete that races a request of unknown outcome is a stated limit.
  if (!deletes_ || gone.empty() || faulty_) return;
  const OrgRecord& record = gone[random_.below(gone.size())];
  if (!org_->person_undeletes(record.sfid)) return;
  undeleted_.insert(record.sfid);
  note("person undeletes", record.sfid);
}

namespace {

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(separator, from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

Value joined(const std::vector<std::string>& parts, char separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(1, separator)) + part;
  return text.empty() ? Value(Null{}) : Value(text);
}

}  // namespace

/// An edit as people and apps make it who see the value before: count up, add an item or a line, take one away.
void World::edit_parts(FieldValues& values, const FieldValues& visible, std::int64_t row_id, const std::string& sfid) {
  for (const std::string& field : functions_) {
    if (!random_.chance(25)) continue;
    PartEdit edit{.field = field, .row_id = row_id, .sfid = sfid};
    const Value& before = value_of(visible, field);
    if (field == "N__c") {
      const auto* number = std::get_if<double>(&before);
      if (!number) continue;
      edit.added = static_cast<double>(1 + random_.below(9));
      values[field] = *number + edit.added;
    } else {
      const char separator = field == "M__c" ? ';' : '\n';
      std::vector<std::string> parts = parts_of(text_of(before), separator);
      if (!parts.empty() && random_.chance(30)) {
        const auto at = parts.begin() + static_cast<std::ptrdiff_t>(random_.below(parts.size()));
        edit.out.insert(*at);
        parts.erase(at);
      } else {
        const std::string part = fmt::format("p{}", ++parts_);
        edit.in.insert(part);
        parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(random_.below(parts.size() + 1)), part);
      }
      values[field] = joined(parts, separator);
    }
    part_edits_.push_back(std::move(edit));
  }
}

/// The open issue says what the lane and the row hold.
void World::check_issue(const Record& record) {
  const std::string code = record.lane.frozen_delete ? "HELD_DELETE" : "HELD";
  const auto& issues = store_->database().issues;
  const auto open = std::ranges::find_if(issues, [&](const StoredIssue& issue) {
    return issue.state == "open" && issue.kind == "conflict" && issue.code == code &&
           ((record.row && issue.row_id == record.row->id) || issue.row_id == record.lane.row_id.value_or(-1) ||
            (!issue.sfid.empty() && issue.sfid == record.lane.sfid));
  });
  if (open == issues.end()) {
    complaints_.push_back(fmt::format("no open issue of what is held on {}", record.lane.sfid));
    return;
  }
  for (const auto& [name, frozen] : record.lane.frozen) {
    const auto field = std::ranges::find(open->fields, name, &IssueField::name);
    const bool known = field != open->fields.end() && field->salesforce == frozen.salesforce;
    if (!known) complaints_.push_back(fmt::format("the issue of {} does not say what {} is", record.lane.sfid, name));
  }
}

/// A person looks at something that is held and decides. What they saw may be old.
void World::decide_held() {
  std::vector<RecordRef> refs;
  for (const auto& [id, lane] : store_->database().lanes) {
    if (!lane.frozen.empty() || lane.frozen_delete) refs.push_back({lane.row_id, lane.sfid, {}});
  }
  if (refs.empty()) return;
  const RecordRef ref = refs[random_.below(refs.size())];
  auto transaction = *store_->begin();
  Record record = transaction->lock(mapping(), std::span(&ref, 1))->front();
  if (record.busy) return;
  check_issue(record);
  std::vector<IssueField> shown;
  for (const auto& [name, frozen] : record.lane.frozen) {
    const Value row = record.row ? value_of(record.row->values, name) : Value(Absent{});
    shown.push_back({name, frozen.base, frozen.salesforce, row, {}});
  }
  const bool removal = record.lane.frozen_delete.has_value();
  const bool late = random_.chance(quiet_ ? 0 : 30);
  if (late) {
    // Meanwhile others go on.
    transaction.reset();
    disturb();
    transaction = *store_->begin();
    record = transaction->lock(mapping(), std::span(&ref, 1))->front();
  }
  RecordChange change;
  const rules::Context context = timing_->context(mapping());
  const rules::Turn turn{record, change, context};
  rules::ActionResult result;
  std::set<std::string> given;
  std::string what;
  if (removal) {
    const Side side = random_.chance(50) ? Side::salesforce : Side::postgres;
    what = fmt::format("the delete of {} for {}", record.lane.sfid, duet::name_of(side));
    result = rules::resolve_delete(turn, side, {"ann"});
  } else {
    auto choice = static_cast<rules::Choice>(random_.below(4));
    std::vector<rules::FieldChoice> choices;
    for (const IssueField& field : shown) {
      if (is_absent(field.base) && choice == rules::Choice::base) choice = rules::Choice::salesforce;
      const bool plain = field.name.size() == 4 && field.name[0] <= 'C';
      if (!plain && choice == rules::Choice::value) choice = rules::Choice::postgres;
    }
    for (const IssueField& field : shown) {
      choices.push_back({field.name, choice, {}});
      if (choice == rules::Choice::value) choices.back().value = new_value();
      what += fmt::format(" {}={}", field.name, static_cast<int>(choice));
    }
    const bool moved = std::ranges::any_of(shown, [&](const IssueField& field) {
      const auto frozen = record.lane.frozen.find(field.name);
      return frozen == record.lane.frozen.end() || frozen->second.salesforce != field.salesforce || !record.row ||
             value_of(record.row->values, field.name) != field.postgres;
    });
    result = rules::resolve(turn, shown, choices, {"ann"});
    if (moved && result.done()) complaints_.push_back("a stale decision about " + ref.sfid + " was taken");
    for (const rules::FieldChoice& each : choices) {
      if (!result.done()) break;
      if (choice == rules::Choice::value) given.insert(text_of(each.value));
      // Where both sides had the same, it is replaced like by any edit.
      for (const IssueField& field : shown) {
        if (field.base == field.postgres || field.base == field.salesforce) seen_over_.insert(text_of(field.base));
      }
    }
  }
  note(result.done() ? "a person decides" : "a person may not decide", what + " " + result.message);
  ++(result.done() ? statistics_.decisions : statistics_.stale);
  const ports::RecordWrite write{&record, &change};
  const auto failures = transaction->write(mapping(), std::span(&write, 1));
  if (!failures || !failures->empty()) return;
  (void)transaction->commit();
  // Of a commit without an answer, the table tells.
  for (const auto& [id, row] : store_->database().rows) {
    for (const auto& [name, value] : row.values) {
      if (given.contains(text_of(value))) app_values_.insert(text_of(value));
    }
  }
}

}  // namespace duet::simulation
