#include "world.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "rules/capture.h"
#include "rules/resolve.h"

namespace duet::simulation {
namespace {

constexpr TimeMs kStart = 1'767'225'600'000;
constexpr int kNoisySteps = 120;
constexpr int kQuietSteps = 4'000;
constexpr int kMaxDepth = 2;

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

World::World(std::uint64_t seed, bool trace, bool bulk)
    : random_(seed * 7919 + 17), clock_(kStart), trace_(trace), by_jobs_(bulk) {
  org_ = std::make_unique<OrgAdapter>(seed, clock_, random_);
  org_->new_value = [this] { return new_value(); };
  org_->meanwhile = [this] { disturb(); };
  configure();
  store_ = std::make_unique<FakeStore>(org_->mapping(), clock_, random_);
  if (trace_) {
    const auto tell = [this](const std::string& what) {
      fmt::print("         {}. {}\n", std::string(static_cast<std::size_t>(depth_) * 2, ' '), what);
    };
    store_->tell = tell;
    org_->tell = tell;
  }
  connection_ = {"sim", *org_->identity(), {org_->mapping()}};
}

World::~World() = default;

void World::configure() {
  draw_policies();
  Mapping& mapping = org_->mutable_mapping();
  if (random_.chance(25)) mapping.source = InboundSource::poll;

  settings_.request_limit_ms = 20'000;
  settings_.horizon_margin_ms = 100;
  settings_.poll_overlap_ms = 30'000;
  settings_.retry_base_ms = 200;
  settings_.retry_limit_ms = 2'000;
  settings_.duplicate_wait_ms = 500;
  settings_.collection_from = 1 + random_.below(3);
  settings_.read_records = 3;
  settings_.bulk_from = 0;
  if (random_.chance(30)) {
    settings_.claim_records = 2;
    const std::size_t from = 2 + random_.below(2);
    settings_.bulk_from = by_jobs_ ? from : 0;
    settings_.bulk_records = 1 + random_.below(6);
  }
  deletes_ = random_.chance(40);

  OrgFaults& faults = org_->faults;
  faults.request_limit_ms = settings_.request_limit_ms;
  if (random_.chance(50)) {
    faults.drop = 5;
    faults.lost_reply = 8;
    faults.late = 5;
    faults.not_sent = 3;
    faults.read_fails = 5;
    faults.locked = 3;
  }
  if (random_.chance(40)) faults.crash = 3;
  restarts_ = random_.chance(30);
  if (random_.chance(25)) faults.automation_changes = 15;
  if (random_.chance(15)) faults.automation_puts_back = 15;
  puts_back_ = faults.automation_puts_back > 0;
  faulty_ = faults.drop > 0 || faults.crash > 0 || faults.automation_changes > 0 || puts_back_ || random_.chance(50);
  if (random_.chance(15)) faults.event_missing = 10;
  if (random_.chance(25)) {
    faults.event_duplicate = 15;
    faults.event_again = 10;
  }
  if (random_.chance(15)) faults.event_gap = 10;
  answers_lost_ = faults.drop > 0 || faults.crash > 0;
  org_->faults_were_visible = faults.event_missing == 0 && faults.event_gap == 0;
  faulty_ = faulty_ || faults.event_missing > 0 || faults.event_duplicate > 0 || faults.event_gap > 0;
  // A delete that waits for a person while requests have no answer is a stated limit, as undeletes are.
  if (faulty_ && mapping.delete_conflict == ConflictPolicy::hold) mapping.delete_conflict = ConflictPolicy::newest;
}

/// For all fields, for some of them, for groups; merge functions on fields of their own.
void World::draw_policies() {
  constexpr ConflictPolicy kPolicies[] = {ConflictPolicy::salesforce, ConflictPolicy::postgres, ConflictPolicy::newest,
                                          ConflictPolicy::hold};
  auto any = [&] { return kPolicies[random_.below(4)]; };
  Mapping& mapping = org_->mutable_mapping();
  mapping.conflict = any();
  mapping.delete_conflict = any();
  if (random_.chance(40)) {
    for (MappedField& field : mapping.fields) {
      if (field.schema.name.size() == 4 && random_.chance(50)) field.conflict = any();
    }
  }
  if (random_.chance(30)) {
    std::vector<std::string> members{"A__c", "B__c", "C__c"};
    if (random_.chance(60)) members.erase(members.begin() + static_cast<std::ptrdiff_t>(random_.below(3)));
    mapping.groups = {{"G", members}};
  }
  if (random_.chance(35)) {
    org_->map_field("N__c", FieldType::double_number, ConflictPolicy::add);
    org_->map_field("M__c", FieldType::multipicklist, ConflictPolicy::union_of_both);
    org_->map_field("T__c", FieldType::textarea, ConflictPolicy::text);
    functions_ = {"N__c", "M__c", "T__c"};
  }
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

void World::start_workers() {
  timing_ = std::make_unique<engine::Timing>(connection_, settings_, clock_, *store_, *org_);
  horizon_ = std::make_unique<engine::StreamHorizon>();
  stream_ = org_->make_stream();
  inbound_ = std::make_unique<engine::InboundWorker>(
      connection_, settings_, engine::InboundPorts{*stream_, *store_, *org_, clock_}, *horizon_, counters_);
  governor_ = std::make_unique<engine::Governor>();
  desk_ = std::make_unique<engine::BulkDesk>();
  sender_ = std::make_unique<ports::InlineSender>(*org_);
  outbound_ = std::make_unique<engine::OutboundWorker>(
      connection_, settings_,
      engine::OutboundPorts{*store_, *org_, *sender_, clock_, random_, *governor_, *org_, *desk_}, counters_);
  bulk_ = std::make_unique<engine::BulkWorker>(
      connection_, settings_, engine::BulkPorts{*store_, *org_, *org_, clock_, *governor_, *desk_}, counters_);
  const engine::SettlePorts ports{*store_, *org_, clock_, *governor_};
  settle_ = std::make_unique<engine::SettleWorker>(connection_, settings_, ports, *horizon_, counters_);
  poll_ = std::make_unique<engine::PollWorker>(connection_, connection_.mappings.front(), settings_, ports, counters_);
}

void World::note(std::string_view what, std::string_view detail) {
  for (const char c : what) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  for (const char c : detail) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  if (trace_)
    fmt::print("{:>8} {}{} {}\n", clock_.now() - kStart, std::string(static_cast<std::size_t>(depth_) * 2, ' '), what,
               detail);
}

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

void World::step(engine::Worker& worker) {
  if (!stepping_.insert(&worker).second) return;
  note("step", worker.name());
  ++depth_;
  struct Leave {
    World& world;
    const engine::Worker* worker;
    ~Leave() {
      world.stepping_.erase(worker);
      --world.depth_;
    }
  } leave{*this, &worker};
  auto result = worker.step();
  if (!result) note("error", result.error().message);
}

void World::step_worker() {
  if (settings_.bulk_from > 0 && random_.chance(30)) return step(*bulk_);
  switch (random_.below(mapping().source == InboundSource::poll ? 5 : 7)) {
    case 0:
    case 1:
      return step(*outbound_);
    case 2:
      return step(*settle_);
    case 3:
    case 4:
      return step(mapping().source == InboundSource::poll ? static_cast<engine::Worker&>(*poll_) : *inbound_);
    case 5:
      return step(*inbound_);
    default:
      return step(*poll_);
  }
}

/// What goes on in the world while one of our requests is under way.
void World::disturb() {
  if (depth_ >= kMaxDepth) return;
  while (random_.chance(quiet_ ? 20 : 45)) {
    if (random_.chance(30)) clock_.advance(static_cast<TimeMs>(random_.below(700)));
    org_->run_late();
    act();
  }
}

void World::act() {
  if (quiet_ || random_.chance(45)) return step_worker();
  const std::uint64_t dice = random_.below(100);
  if (dice < 37) return app_updates();
  if (dice < 40) return app_takes_back();
  if (dice < 78) return person_updates();
  if (dice < 84) return app_inserts();
  if (dice < 88) return person_creates();
  if (dice < 92) return app_removes();
  if (dice < 96) return person_removes();
  if (dice < 98) return decide_held();
  person_undeletes();
}

bool World::at_rest() { return rest_reason().empty(); }

std::string World::rest_reason() {
  if (org_->run_late() > 0) return "a late request is still to run";
  return unrest(store_->database());
}

void World::settle_down() {
  quiet_ = true;
  org_->faults = OrgFaults{};
  org_->faults.request_limit_ms = settings_.request_limit_ms;
  store_->faults = {};
  // What the stream never told is found by reading everything again, as verify does.
  auto transaction = *store_->begin();
  (void)transaction->mark_range_dirty(mapping(), 0, "end of the noisy part");
  (void)transaction->commit();
  clock_.advance(settings_.request_limit_ms);
  int rested = 0;
  for (int i = 0; i < kQuietSteps && rested < 12; ++i) {
    clock_.advance(400);
    org_->run_late();
    for (engine::Worker* worker :
         {static_cast<engine::Worker*>(inbound_.get()), static_cast<engine::Worker*>(outbound_.get()),
          static_cast<engine::Worker*>(bulk_.get()), static_cast<engine::Worker*>(settle_.get()),
          static_cast<engine::Worker*>(poll_.get())}) {
      if (worker == inbound_.get() && mapping().source == InboundSource::poll) continue;
      step(*worker);
    }
    if (i > 30 && i % 10 == 0) decide_held();
    rested = at_rest() && i > 30 ? rested + 1 : 0;
  }
}

void World::run() {
  for (int i = 0; i < 3; ++i) person_creates();
  start_workers();
  // The position is noted before anything else happens, as the load does it.
  if (mapping().source == InboundSource::events) {
    for (int i = 0; i < 20 && store_->database().positions["events"].empty(); ++i) step(*inbound_);
  }
  store_->faults.busy = random_.chance(30) ? 4 : 0;
  store_->faults.refuse = random_.chance(20) ? 3 : 0;
  store_->faults.commit_unknown = random_.chance(20) ? 2 : 0;
  answers_lost_ = answers_lost_ || store_->faults.commit_unknown > 0;
  faulty_ = faulty_ || store_->faults.busy + store_->faults.refuse + store_->faults.commit_unknown > 0;
  store_->faults.crash = org_->faults.crash > 0 ? 2 : 0;
  for (int i = 0; i < kNoisySteps; ++i) {
    clock_.advance(static_cast<TimeMs>(random_.below(600)));
    org_->run_late();
    try {
      if (restarts_ && random_.chance(8)) {
        note("restart");
        start_workers();
      }
      act();
    } catch (const Crash&) {
      ++statistics_.crashes;
      stepping_.clear();
      depth_ = 0;
      note("crash");
      start_workers();
    }
  }
  settle_down();
  statistics_.echoes = org_->echoes();
  statistics_.conditional = mapping().source == InboundSource::events ? org_->conditional_writes : 0;
  for (const StoredIssue& issue : store_->database().issues)
    statistics_.frozen += issue.kind == "conflict" && issue.rule == "hold";
  statistics_.unknown = counters_.attempts_unknown;
  statistics_.conflicts = counters_.conflicts;
  statistics_.late_conflicts = counters_.late_conflicts;
  statistics_.held = counters_.values_held;
  statistics_.dirty = counters_.records_dirty;
  statistics_.duplicates = counters_.events_duplicate;
}

}  // namespace duet::simulation
