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

}  // namespace

World::World(std::uint64_t seed, bool trace) : random_(seed * 7919 + 17), clock_(kStart), trace_(trace) {
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
  // Three in ten histories send by Bulk jobs.
  settings_.bulk_from = 0;
  if (random_.chance(30)) {
    settings_.claim_records = 2;
    settings_.bulk_from = 2 + random_.below(2);
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
