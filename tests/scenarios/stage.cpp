#include "stage.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/resolve.h"

namespace duet::scenarios {
namespace {

using simulation::Crash;

constexpr TimeMs kStart = 1'767'225'600'000;
constexpr int kEnough = 1'000;  ///< of anything that should have ended long before
constexpr int kRestRounds = 20;
constexpr TimeMs kRoundMs = 400;

[[noreturn]] void refuse(const std::string& what) { throw std::runtime_error(what); }

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

long number_of(const std::string& text) {
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) refuse("not a number: " + text);
  return number;
}

/// `A=x B=null Ext=k` from this word on, as values by field name.
FieldValues values_of(const std::vector<std::string>& words, std::size_t from) {
  FieldValues values;
  for (std::size_t i = from; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string::npos) refuse("not FIELD=VALUE: " + words[i]);
    std::string value = words[i].substr(equals + 1);
    const std::string field = words[i].substr(0, equals) + "__c";
    std::ranges::replace(value, '/', '\n');
    if (value == "null") {
      values[field] = Null{};
    } else if (field == "N__c") {
      values[field] = static_cast<double>(number_of(value));
    } else {
      values[field] = value;
    }
  }
  return values;
}

ConflictPolicy policy_of(const std::string& name) {
  const auto policy = conflict_policy_from_name(name);
  if (!policy) refuse("no such policy: " + name);
  return *policy;
}

}  // namespace

Stage::Stage(const Variant& variant, bool trace) : clock_(kStart), org_(1, clock_, random_), trace_(trace) {
  auto chosen = [&](const char* name, const char* usual, std::initializer_list<std::string_view> known = {}) {
    const auto choice = variant.find(name);
    const std::string value = choice == variant.end() ? usual : choice->second;
    if (known.size() > 0 && std::ranges::find(known, value) == known.end())
      refuse(fmt::format("no such {}: {}", name, value));
    return value;
  };
  Mapping& mapping = org_.mutable_mapping();
  mapping.conflict = policy_of(chosen("policy", "newest"));
  mapping.delete_conflict = policy_of(chosen("delete", "newest"));
  if (const std::string names = chosen("group", ""); !names.empty()) {
    FieldGroup group{"Group", {}};
    std::istringstream members(names);
    for (std::string name; std::getline(members, name, ',');) group.fields.push_back(name + "__c");
    mapping.groups = {group};
  }
  constexpr std::tuple<const char*, FieldType> kFunctions[] = {
      {"N", FieldType::double_number}, {"M", FieldType::multipicklist}, {"T", FieldType::textarea}};
  for (const auto& [name, type] : kFunctions) {
    if (const std::string policy = chosen(name, ""); !policy.empty())
      org_.map_field(std::string(name) + "__c", type, policy_of(policy));
  }
  const bool polls = chosen("source", "events", {"events", "poll"}) == "poll";
  mapping.source = polls ? InboundSource::poll : InboundSource::events;
  settings_.collection_from = chosen("transport", "single", {"single", "collection"}) == "collection" ? 1 : 2;
  settings_.request_limit_ms = 20'000;
  settings_.horizon_margin_ms = 100;
  settings_.poll_overlap_ms = 30'000;
  org_.faults.request_limit_ms = settings_.request_limit_ms;
  org_.meanwhile = [this] { meanwhile(); };
  org_.tell = [this](const std::string& what) {
    if (trace_) fmt::print("  . {}\n", with_labels(what));
    if (what.starts_with("org runs ")) calls_.push_back(what.substr(9));
  };
  store_ = std::make_unique<simulation::FakeStore>(mapping, clock_, random_);
  if (trace_) store_->tell = [this](const std::string& what) { fmt::print("  . {}\n", with_labels(what)); };
  connection_ = {"scenario", *org_.identity(), {mapping}};
  start_workers();
}

void Stage::start_workers() {
  timing_ = std::make_unique<engine::Timing>(connection_, settings_, clock_, *store_, org_);
  horizon_ = std::make_unique<engine::StreamHorizon>();
  stream_ = org_.make_stream();
  inbound_ = std::make_unique<engine::InboundWorker>(
      connection_, settings_, engine::InboundPorts{*stream_, *store_, org_, clock_}, *horizon_, counters_);
  governor_ = std::make_unique<engine::Governor>();
  desk_ = std::make_unique<engine::BulkDesk>();
  sender_ = std::make_unique<ports::InlineSender>(org_);
  outbound_ = std::make_unique<engine::OutboundWorker>(
      connection_, settings_, engine::OutboundPorts{*store_, org_, *sender_, clock_, random_, *governor_, org_, *desk_},
      counters_);
  const engine::SettlePorts ports{*store_, org_, clock_, *governor_};
  settle_ = std::make_unique<engine::SettleWorker>(connection_, settings_, ports, *horizon_, counters_);
  poll_ = std::make_unique<engine::PollWorker>(connection_, connection_.mappings.front(), settings_, ports, counters_);
  // The position is noted before anything happens, as the load does it.
  if (org_.mapping().source != InboundSource::events) return;
  for (int i = 0; i < kEnough && store_->database().positions["events"].empty(); ++i) (void)inbound_->step();
}

void Stage::run(const std::string& text) {
  if (trace_) fmt::print("{:>6} {}\n", clock_.now() - kStart, text);
  const auto waits = [&](std::string_view prefix, std::vector<std::string>& steps) {
    if (!text.starts_with(prefix)) return false;
    steps.push_back(text.substr(prefix.size()));
    return true;
  };
  if (waits("on the way: ", on_the_way_) || waits("before the reply: ", before_the_reply_)) return;
  if (arm(text)) {
    armed_ = true;
    return;
  }
  act(text);
  if (stepping_.empty()) disarm();
}

/// Faults are of the next step.
bool Stage::arm(const std::string& text) {
  const std::vector<std::string> words = words_of(text);
  const std::map<std::string_view, unsigned*> faults = {
      {"lose request", &org_.faults.drop},
      {"lose reply", &org_.faults.lost_reply},
      {"late request", &org_.faults.late},
      {"org locks row", &org_.faults.locked},
      {"drop event", &org_.faults.event_missing},
      {"gap event", &org_.faults.event_gap},
      {"repeat event", &org_.faults.event_duplicate},
      {"automation puts back", &org_.faults.automation_puts_back},
      {"lock row", &store_->faults.busy},
      {"table refuses", &store_->faults.refuse},
  };
  if (const auto fault = faults.find(text); fault != faults.end()) {
    *fault->second = 100;
    return true;
  }
  const bool sets = text.starts_with("automation sets ");
  if (sets) org_.next_save = {values_of(words, 2), {}};
  const bool refuses = words.size() == 3 && text.starts_with("org refuses ");
  if (refuses) org_.next_save = {{}, words[2]};
  return sets || refuses;
}

void Stage::disarm() {
  if (org_.next_save) refuse("nothing was saved for the automation to act on");
  const TimeMs limit = org_.faults.request_limit_ms;
  org_.faults = {};
  org_.faults.request_limit_ms = limit;
  store_->faults = {};
  armed_ = false;
}

void Stage::act(const std::string& text) {
  const std::vector<std::string> words = words_of(text);
  if (words.size() > 1 && words[0] == "pg") return act_app(words);
  if (words.size() > 1 && words[0] == "sf") return act_person(words);
  if (words.size() > 2 && words[0] == "duet") return act_operator(words);
  if (words.size() == 3 && words[0] == "wait" && words[2] == "s") {
    clock_.advance(number_of(words[1]) * kMsPerSecond);
    org_.run_late();
    return;
  }
  if (!words.empty() && words[0] == "given") {
    FieldValues values = values_of(words, 1);
    const auto key = values.extract("Ext__c");
    if (org_.person_creates(key ? std::get<std::string>(key.mapped()) : "", values).empty())
      refuse("the org refused it");
    // A poll reads a version only when its second is over.
    clock_.advance(10 * kMsPerSecond);
    take_over();
    clock_.advance(10 * kMsPerSecond);
    return;
  }
  if (text == "crash" && !stepping_.empty()) throw Crash{};
  try {
    if (!act_engine(text)) refuse("this step is not known");
  } catch (const Crash&) {
    if (!stepping_.empty()) throw;
    start_workers();
  }
}

bool Stage::act_engine(const std::string& text) {
  if (text == "crash") throw Crash{};
  if (text == "send") {
    step(*outbound_);
  } else if (text == "settle") {
    step(*settle_);
  } else if (text == "deliver") {
    take_over();
  } else if (text == "run until idle") {
    run_until_idle();
  } else if (text == "show") {
    shown_ += state() + "-- show\n";
  } else {
    return false;
  }
  return true;
}

void Stage::act_app(const std::vector<std::string>& words) {
  bool done = false;
  if (words[1] == "insert") {
    const bool known = words.size() > 2 && words[2].starts_with("sfid=");
    done = store_->app_insert(values_of(words, known ? 3 : 2), known ? sfid(words[2].substr(5)) : "") > 0;
  } else if (words[1] == "update" && words.size() > 3) {
    done = store_->app_update(number_of(words[2]), values_of(words, 3));
  } else if (words[1] == "delete" && words.size() == 3) {
    done = store_->app_remove(number_of(words[2]));
  }
  if (!done) refuse("the app cannot do this");
}

void Stage::act_person(const std::vector<std::string>& words) {
  bool done = false;
  if (words[1] == "create") {
    FieldValues values = values_of(words, 2);
    const auto key = values.extract("Ext__c");
    done = !org_.person_creates(key ? std::get<std::string>(key.mapped()) : "", values).empty();
  } else if (words[1] == "update" && words.size() > 3) {
    done = org_.person_updates(sfid(words[2]), values_of(words, 3));
  } else if (words[1] == "delete" && words.size() == 3) {
    done = org_.person_removes(sfid(words[2]));
  } else if (words[1] == "undelete" && words.size() == 3) {
    done = org_.person_undeletes(sfid(words[2]));
  }
  if (!done) refuse("a person in the org cannot do this");
}

/// What a person does on the dashboard about row `words[2]`, as the newest issue and the journal show it.
void Stage::act_operator(const std::vector<std::string>& words) {
  const std::string& verb = words[1];
  const RecordRef ref{number_of(words[2]), {}, {}};
  auto transaction = *store_->begin();
  Record record = transaction->lock(org_.mapping(), std::span(&ref, 1))->front();
  RecordChange change;
  const rules::Context context = timing_->context(org_.mapping());
  const rules::Turn turn{record, change, context};
  const auto& issues = store_->database().issues;
  const auto issue =
      std::find_if(issues.rbegin(), issues.rend(), [&](const auto& each) { return each.row_id == *ref.row_id; });
  const std::vector<IssueField> shown = issue == issues.rend() ? std::vector<IssueField>{} : issue->fields;
  const rules::Person ann{"ann"};
  rules::ActionResult result;
  if (verb == "resolve" && words.size() > 3) {
    std::vector<rules::FieldChoice> choices;
    for (const auto& [field, value] : values_of(words, 3)) {
      const std::string choice = rules::key_text(value);
      choices.push_back({field, rules::Choice::value, value});
      if (choice == "salesforce") choices.back().choice = rules::Choice::salesforce;
      if (choice == "postgres") choices.back().choice = rules::Choice::postgres;
      if (choice == "base") choices.back().choice = rules::Choice::base;
    }
    result = rules::resolve(turn, shown, choices, ann);
  } else if (verb == "resolve-delete" && words.size() == 4) {
    result = rules::resolve_delete(turn, words[3] == "postgres" ? Side::postgres : Side::salesforce, ann);
  } else if (verb == "retry") {
    result = rules::retry(turn, shown, ann);
  } else if (verb == "take-back") {
    result = rules::revert_rejected(turn, shown, ann);
  } else if (verb == "revert" && !store_->database().journal.empty()) {
    const bool force = words.size() > 3 && words[3] == "force";
    result = rules::revert(turn, store_->database().journal.back(), force, ann);
  } else {
    refuse("this step is not known");
  }
  if (!result.done()) shown_ += fmt::format("-- {}: {}\n", verb, result.message);
  const ports::RecordWrite write{&record, &change};
  if (auto failures = transaction->write(org_.mapping(), std::span(&write, 1)); !failures || !failures->empty())
    refuse("the table refuses it");
  if (auto committed = transaction->commit(); !committed) refuse("the commit failed");
}

bool Stage::step(engine::Worker& worker) {
  if (std::ranges::find(stepping_, &worker) != stepping_.end()) refuse("the worker is in the middle of a step");
  struct Leave {
    Stage& stage;
    int borders;
    ~Leave() {
      stage.stepping_.pop_back();
      stage.borders_ = borders;
    }
  } leave{*this, std::exchange(borders_, 0)};
  stepping_.push_back(&worker);
  const auto result = worker.step();
  if (trace_ && !result) fmt::print("  . {}: {}\n", worker.name(), result.error().message);
  return result && result->worked;
}

void Stage::take_over() {
  if (org_.mapping().source == InboundSource::poll) return poll();
  for (int i = 0; i < kEnough; ++i) {
    if (!step(*inbound_)) return;
  }
}

/// Waits until a poll is due, and ends it.
void Stage::poll() {
  for (int i = 0; i < kEnough && !step(*poll_); ++i) clock_.advance(kMsPerSecond);
  for (int i = 0; i < kEnough && step(*poll_); ++i) continue;
}

void Stage::run_until_idle() {
  if (armed_ || !stepping_.empty()) refuse("only on its own: a fault is of one call");
  int rested = 0;
  for (int i = 0; i < kEnough && rested < kRestRounds; ++i) {
    clock_.advance(kRoundMs);
    const bool late = org_.run_late() > 0;
    if (org_.mapping().source == InboundSource::events) step(*inbound_);
    for (engine::Worker* worker :
         {static_cast<engine::Worker*>(outbound_.get()), static_cast<engine::Worker*>(settle_.get()),
          static_cast<engine::Worker*>(poll_.get())})
      step(*worker);
    rested = !late && i > kRestRounds && simulation::unrest(store_->database()).empty() ? rested + 1 : 0;
  }
}

/// Called when a request leaves and when its answer is about to come back.
void Stage::meanwhile() {
  const auto& lanes = store_->database().lanes;
  // A look-up of a key goes before the send that the steps wait for.
  const bool sends = std::ranges::any_of(lanes, [](const auto& entry) { return entry.second.in_flight(); });
  if (!stepping_.empty() && stepping_.back() == outbound_.get() && !sends) return;
  for (const std::string& text : std::exchange(borders_++ % 2 == 0 ? on_the_way_ : before_the_reply_, {})) run(text);
}

}  // namespace duet::scenarios
