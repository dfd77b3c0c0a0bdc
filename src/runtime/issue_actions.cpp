#include "runtime/issue_actions.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "postgres/audit_store.h"
#include "postgres/connection_store.h"
#include "postgres/mapping_store.h"
#include "postgres/pg_transaction.h"
#include "rules/resolve.h"
#include "runtime/field_value.h"
#include "runtime/import_mappings.h"

namespace duet::runtime {
namespace {

using postgres::IssueStore;
using postgres::JournalStore;
using postgres::StoredIssue;
using postgres::StoredJournalEntry;
using rules::ActionVerdict;

constexpr const char* kStale = "STALE";
constexpr std::size_t kPageSize = 500;
constexpr std::string_view kHeldDelete = "HELD_DELETE";
constexpr int kLockTries = 10;
constexpr auto kLockPause = std::chrono::milliseconds(50);

std::unexpected<Error> not_possible(std::string message) {
  return fail(ErrorKind::rejected, std::move(message), "NOT_POSSIBLE");
}

std::unexpected<Error> stale(std::string message) { return fail(ErrorKind::rejected, std::move(message), kStale); }

Result<void> check(const rules::ActionResult& result) {
  switch (result.verdict) {
    case ActionVerdict::done:
      return {};
    case ActionVerdict::stale:
      return stale(result.message);
    case ActionVerdict::busy:
      return fail(ErrorKind::row_locked, result.message);
    case ActionVerdict::refused:
      break;
  }
  return not_possible(result.message);
}

std::string_view state_after(std::string_view action) {
  if (action == "revert") return "reverted";
  return action == "ignore" ? "ignored" : "resolved";
}

std::string outcome_of(const IssueDecision& decision, long writes) {
  if (decision.action == "retry") return "Sent again.";
  if (decision.action == "ignore") return "Closed without writing.";
  return writes == 0 ? "Both sides have it by now, or will without a write." : "Goes out as a forward write.";
}

Result<rules::Choice> choice_of(const std::string& name) {
  if (name == "salesforce") return rules::Choice::salesforce;
  if (name == "postgres") return rules::Choice::postgres;
  if (name == "base") return rules::Choice::base;
  return fail(ErrorKind::bad_data, fmt::format("{} is no side", name), {}, "salesforce, postgres or base");
}

template <class Values>
auto find_ignoring_case(const Values& values, const std::string& name) {
  return std::ranges::find_if(values, [&](const auto& each) { return equals_ignoring_case(each.first, name); });
}

/// What was chosen for each field of the issue that was decided.
Result<std::vector<rules::FieldChoice>> choices_of(const Mapping& mapping, const StoredIssue& issue,
                                                   const IssueDecision& decision) {
  const auto known = [&](const auto& named) {
    return std::ranges::any_of(issue.issue.fields,
                               [&](const IssueField& field) { return equals_ignoring_case(field.name, named.first); });
  };
  for (const auto& each : decision.fields) {
    if (!known(each)) return fail(ErrorKind::bad_data, fmt::format("{} is no field of this issue", each.first));
  }
  for (const auto& each : decision.set) {
    if (!known(each)) return fail(ErrorKind::bad_data, fmt::format("{} is no field of this issue", each.first));
  }
  std::vector<rules::FieldChoice> choices;
  for (const IssueField& field : issue.issue.fields) {
    if (const auto set = find_ignoring_case(decision.set, field.name); set != decision.set.end()) {
      const MappedField* mapped = mapping.find(field.name);
      if (!mapped) return not_possible(field.name + " is not mapped any more.");
      choices.push_back({field.name, rules::Choice::value, DUET_TRY(value_for_field(mapped->schema, set->second))});
      continue;
    }
    const auto side = find_ignoring_case(decision.fields, field.name);
    const std::string& use = side == decision.fields.end() ? decision.use : side->second;
    if (!use.empty()) choices.push_back({field.name, DUET_TRY(choice_of(use)), {}});
  }
  return choices;
}

std::string name_of_choice(rules::Choice choice) {
  switch (choice) {
    case rules::Choice::salesforce:
      return "salesforce";
    case rules::Choice::postgres:
      return "postgres";
    case rules::Choice::base:
      return "base";
    case rules::Choice::value:
      break;
  }
  return "edited";
}

/// The entry that the decision of a field wrote, as far as the issue tells it.
Result<JournalEntry> entry_of(const IssueField& field) {
  JournalEntry entry;
  entry.field = field.name;
  entry.base = field.base;
  if (field.chosen == name_of(Side::salesforce)) {
    entry.kept = field.salesforce;
    entry.lost = field.postgres;
    entry.lost_side = Side::postgres;
  } else if (field.chosen == name_of(Side::postgres)) {
    entry.kept = field.postgres;
    entry.lost = field.salesforce;
    entry.lost_side = Side::salesforce;
  } else {
    return not_possible(fmt::format("{} has a value of neither side: choose one with resolve.", field.name));
  }
  return entry;
}

}  // namespace

/// One action on one record.
struct IssueActions::Step {
  const Caller& caller;
  const IssueDecision& decision;
  const StoredIssue* issue = nullptr;
  const Mapping* mapping = nullptr;
  RecordRef ref;
  postgres::AuditEntry audit;
  std::map<std::string, std::string> chosen;  ///< for the issue's fields
  long writes = 0;
};

std::vector<std::string_view> possible_actions(std::string_view kind, std::string_view state) {
  if (kind == "conflict" && state == "decided") return {"revert", "resolve", "ignore"};
  if (state != "open") return {};
  // A held conflict ends by a decision only: ignored, its fields would stay apart unseen.
  if (kind == "conflict") return {"resolve"};
  if (kind == "rejected") return {"retry", "revert", "ignore"};
  if (kind == "unknown") return {"retry", "ignore"};
  // The held deletes go out, or the rows come back; ignored, they would be held unseen.
  if (kind == "breaker") return {"retry", "revert"};
  return {"ignore"};
}

std::vector<std::string_view> possible_actions(const StoredIssue& issue) {
  std::vector<std::string_view> actions = possible_actions(issue.issue.kind, issue.issue.state);
  const bool about_a_record = issue.record_id || !issue.sfid.empty();
  if (!about_a_record && issue.issue.kind != "breaker")
    std::erase_if(actions, [](std::string_view action) { return action != "ignore"; });
  return actions;
}

IssueActions::~IssueActions() = default;

Result<void> IssueActions::open() {
  if (store_ && !store_->session().broken()) return {};
  postgres::StoreOptions options;
  options.url = connection_.postgres.url;
  options.schema = connection_.postgres.schema;
  store_ = DUET_TRY(postgres::StoreSession::connect(options));
  const postgres::Rows rows =
      DUET_TRY(store_->session().query("SELECT id FROM duet.connection WHERE name = $1", {connection_.name}));
  if (rows.empty())
    return fail(ErrorKind::not_found, "nothing has been imported for this connection", {}, "run: duet import FILE");
  connection_id_ = static_cast<int>(rows.integer(0, 0));
  store_->set_connection_id(connection_id_);
  mappings_.clear();
  for (postgres::StoredMapping& stored : DUET_TRY(postgres::MappingStore(store_->session(), connection_id_).list()))
    mappings_.emplace(to_lower(stored.mapping.object), std::move(stored.mapping));
  return {};
}

Result<const Mapping*> IssueActions::mapping_of(const std::string& object) {
  const auto found = mappings_.find(to_lower(object));
  if (found == mappings_.end()) return not_possible(fmt::format("{} is not mapped any more.", object));
  return &found->second;
}

Result<StoredIssue> IssueActions::find(std::int64_t id) {
  auto issue = DUET_TRY(IssueStore(store_->session(), connection_id_).find(id));
  if (!issue) return fail(ErrorKind::not_found, fmt::format("there is no issue {}", id), {}, "see /api/v1/issues");
  return std::move(*issue);
}

Result<ActionOutcome> IssueActions::decide_breaker(const Step& step) {
  postgres::PgTransaction transaction(store_);
  Breaker breaker = DUET_TRY(transaction.lock_breaker(*step.mapping));
  if (breaker.state != BreakerState::tripped) return stale("The breaker was decided by somebody else.");
  const bool approve = step.decision.action == "retry";
  breaker.state = approve ? BreakerState::approved : BreakerState::discarded;
  DUET_TRY(transaction.set_breaker(*step.mapping, breaker));
  const std::string outcome = approve ? "The held deletes go out." : "The deleted rows come back.";
  IssueStore issues(store_->session(), connection_id_);
  if (!DUET_TRY(issues.close(step.issue->id, "open",
                             {std::string(state_after(step.decision.action)), step.caller.name, outcome, {}})))
    return stale("The issue has changed since: look at it again, then decide.");
  ActionOutcome decided{DUET_TRY(find(step.issue->id)), 0};
  const postgres::Statement audit = postgres::audit_statement(step.audit);
  DUET_TRY(store_->session().query(audit.sql, audit.params));
  DUET_TRY(transaction.commit());
  return decided;
}

Result<ActionOutcome> IssueActions::run(Step& step) {
  if (step.issue && step.issue->issue.kind == "breaker") return decide_breaker(step);
  const StoredIssue* const issue = step.issue;
  const std::string& action = step.decision.action;
  postgres::PgTransaction transaction(store_);
  IssueStore issues(store_->session(), connection_id_);

  // In the engine's order: the record first, then the issue.
  Record record;
  RecordChange change;
  rules::Context context{.mapping = *step.mapping, .our_user = {}};
  context.now = clock_.now();
  context.database_now = context.now;
  if (action != "ignore") {
    const std::array<RecordRef, 1> refs = {step.ref};
    record = std::move(DUET_TRY(transaction.lock(*step.mapping, refs)).front());
  } else {
    DUET_TRY(store_->session().execute("BEGIN"));
  }
  if (issue) {
    const auto now = DUET_TRY(issues.lock(issue->id));
    if (!now || now->issue.state != issue->issue.state || now->updated_at != issue->updated_at)
      return stale("The issue has changed since: look at it again, then decide.");
  }
  const rules::Turn turn{record, change, context};
  const rules::Person person{step.caller.name};
  if (action == "retry") {
    DUET_TRY(check(rules::retry(turn, issue->issue.fields, person)));
  } else if (action == "revert" && issue->issue.kind == "rejected") {
    DUET_TRY(check(rules::revert_rejected(turn, issue->issue.fields, person)));
  } else if (action == "revert") {
    for (const IssueField& field : issue->issue.fields)
      DUET_TRY(check(rules::revert(turn, DUET_TRY(entry_of(field)), false, person)));
  } else if (action == "resolve" && issue->issue.code == kHeldDelete) {
    if (step.decision.use != "salesforce" && step.decision.use != "postgres")
      return fail(ErrorKind::bad_data, "a held delete goes to salesforce or postgres", {}, "give use");
    const Side side = step.decision.use == "salesforce" ? Side::salesforce : Side::postgres;
    DUET_TRY(check(rules::resolve_delete(turn, side, person)));
  } else if (action == "resolve") {
    const auto choices = DUET_TRY(choices_of(*step.mapping, *issue, step.decision));
    for (const rules::FieldChoice& choice : choices) step.chosen.emplace(choice.field, name_of_choice(choice.choice));
    DUET_TRY(check(rules::resolve(turn, issue->issue.fields, choices, person)));
  }
  if (action != "ignore") {
    const std::array<ports::RecordWrite, 1> writes = {ports::RecordWrite{&record, &change}};
    const auto failures = DUET_TRY(transaction.write(*step.mapping, writes));
    if (!failures.empty()) return not_possible("PostgreSQL does not take it: " + failures.front().error.message);
    step.writes = static_cast<long>(change.forward.size());
  }
  ActionOutcome outcome;
  outcome.writes = step.writes;
  if (issue) {
    const bool partly = action == "resolve" && step.chosen.size() < issue->issue.fields.size() &&
                        issue->issue.code != kHeldDelete && issue->issue.state == "open";
    postgres::IssueClosing closing{partly ? "open" : std::string(state_after(action)), step.caller.name,
                                   outcome_of(step.decision, step.writes), step.chosen};
    if (!partly) (void)DUET_TRY(issues.close(issue->id, {}, closing));
    if (step.decision.always) DUET_TRY(set_policy(step));
    outcome.issue = DUET_TRY(find(issue->id));
  }
  const postgres::Statement audit = postgres::audit_statement(step.audit);
  DUET_TRY(store_->session().query(audit.sql, audit.params));
  if (action == "ignore") {
    DUET_TRY(store_->session().execute("COMMIT"));
  } else {
    DUET_TRY(transaction.commit());
  }
  return outcome;
}

Result<void> IssueActions::set_policy(const Step& step) {
  Mapping mapping = *step.mapping;
  for (const auto& [name, chosen] : step.chosen) {
    const auto policy =
        chosen == "salesforce" || chosen == "postgres" ? conflict_policy_from_name(chosen) : std::nullopt;
    if (!policy) return fail(ErrorKind::bad_data, fmt::format("{} is no policy", chosen), {}, "leave out always");
    for (MappedField& field : mapping.fields) {
      if (field.schema.name == name) field.conflict = policy;
    }
  }
  DUET_TRY(postgres::MappingStore(store_->session(), connection_id_).save(mapping));
  const postgres::Rows now =
      DUET_TRY(store_->session().query("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint"));
  return postgres::ConnectionStore(store_->session())
      .set_setting(connection_id_, kMappingRevision, std::string(now.text(0, 0)));
}

Result<void> IssueActions::note_failure(const Step& step, const Error& error) {
  if (store_->session().broken()) return {};
  postgres::AuditEntry entry = step.audit;
  entry.outcome = error.code.empty() ? std::string(name_of(error.kind)) : error.code;
  const postgres::Statement audit = postgres::audit_statement(entry);
  DUET_TRY(store_->session().query(audit.sql, audit.params));
  // What the record holds now is no longer what was refused: it was sent since, will be, or came from the org.
  if (step.issue && error.code == kStale && step.issue->issue.kind == "rejected")
    (void)DUET_TRY(IssueStore(store_->session(), connection_id_)
                       .close(step.issue->id, "open", {"superseded", {}, "The record has moved on.", {}}));
  return {};
}

Result<ActionOutcome> IssueActions::try_act(const Caller& caller, const StoredIssue& seen,
                                            const IssueDecision& decision) {
  const auto actions = possible_actions(seen);
  if (std::ranges::find(actions, decision.action) == actions.end()) {
    return not_possible(fmt::format("An issue of kind {} in state {} does not allow {}.", seen.issue.kind,
                                    seen.issue.state, decision.action));
  }
  Step step{caller, decision, &seen, nullptr, {seen.record_id, seen.sfid, seen.external_id}, {}, {}, 0};
  step.audit = audit_of(caller, "issue." + decision.action, fmt::format("issue {}", seen.id));
  step.audit.connection_id = connection_id_;
  step.audit.detail = detail_of(decision);
  static const Mapping kNone;
  step.mapping = decision.action == "ignore" ? &kNone : DUET_TRY(mapping_of(seen.object));
  for (int tries = 1;; ++tries) {
    step.chosen.clear();
    auto outcome = run(step);
    if (outcome || store_->session().broken()) return outcome;
    (void)store_->session().execute("ROLLBACK");
    // The engine's transactions are short; an application's may not be.
    if (outcome.error().kind == ErrorKind::row_locked && tries < kLockTries) {
      std::this_thread::sleep_for(kLockPause);
      continue;
    }
    DUET_TRY(note_failure(step, outcome.error()));
    return outcome;
  }
}

Result<ActionOutcome> IssueActions::act(const Caller& caller, std::int64_t id, const IssueDecision& decision) {
  DUET_TRY(open());
  const StoredIssue seen = DUET_TRY(find(id));
  return try_act(caller, seen, decision);
}

Result<BulkOutcome> IssueActions::act_on_all(const Caller& caller, postgres::IssueFilter filter,
                                             const IssueDecision& decision, long limit, bool dry_run) {
  DUET_TRY(open());
  IssueStore issues(store_->session(), connection_id_);
  const auto allowed = [&](std::string_view kind, std::string_view state) {
    const auto actions = possible_actions(kind, state);
    return std::ranges::find(actions, decision.action) != actions.end();
  };
  BulkOutcome outcome;
  for (const postgres::IssueCount& count : DUET_TRY(issues.counts(filter))) {
    outcome.matched += count.count;
    if (allowed(count.kind, count.state)) outcome.possible += count.count;
  }
  if (dry_run) return outcome;
  filter.limit = kPageSize;
  long tried = 0;
  while (tried < limit) {
    const std::vector<StoredIssue> page = DUET_TRY(issues.list(filter));
    for (const StoredIssue& issue : page) {
      if (tried >= limit) break;
      if (!allowed(issue.issue.kind, issue.issue.state)) continue;
      ++tried;
      const auto done = try_act(caller, issue, decision);
      if (done) {
        ++outcome.done;
      } else if (done.error().code == kStale) {
        ++outcome.stale;
      } else if (store_->session().broken()) {
        return std::unexpected(done.error());
      } else {
        outcome.failures.push_back({issue.id, done.error()});
      }
    }
    if (page.size() < kPageSize) break;
    filter.before_id = page.back().id;
  }
  return outcome;
}

Result<std::vector<StoredJournalEntry>> IssueActions::revert_entry(const Caller& caller, std::int64_t id, bool force) {
  DUET_TRY(open());
  JournalStore journal(store_->session(), connection_id_);
  const auto stored = DUET_TRY(journal.find(id));
  if (!stored)
    return fail(ErrorKind::not_found, fmt::format("there is no journal entry {}", id), {}, "see /api/v1/journal");
  const Mapping* mapping = DUET_TRY(mapping_of(stored->object));
  JournalEntry entry;
  entry.field = stored->field;
  entry.base = stored->base;
  entry.lost = stored->lost;
  entry.kept = stored->kept;
  entry.lost_side = stored->lost_side == name_of(Side::salesforce) ? Side::salesforce : Side::postgres;
  entry.whole_row = !stored->row_before.empty();
  Step step{caller, {}, nullptr, mapping, {stored->record_id, stored->sfid, stored->external_id}, {}, {}, 0};
  step.audit = audit_of(caller, "journal.revert", fmt::format("journal {}", id));
  step.audit.connection_id = connection_id_;
  step.audit.detail = fmt::format(R"({{"force":{}}})", force);

  const auto reverted = [&]() -> Result<void> {
    postgres::PgTransaction transaction(store_);
    const std::array<RecordRef, 1> refs = {step.ref};
    Record record = std::move(DUET_TRY(transaction.lock(*mapping, refs)).front());
    RecordChange change;
    rules::Context context{.mapping = *mapping, .our_user = {}};
    context.now = clock_.now();
    context.database_now = context.now;
    DUET_TRY(check(rules::revert({record, change, context}, entry, force, {caller.name})));
    const std::array<ports::RecordWrite, 1> writes = {ports::RecordWrite{&record, &change}};
    const auto failures = DUET_TRY(transaction.write(*mapping, writes));
    if (!failures.empty()) return not_possible("PostgreSQL does not take it: " + failures.front().error.message);
    const postgres::Statement audit = postgres::audit_statement(step.audit);
    DUET_TRY(store_->session().query(audit.sql, audit.params));
    return transaction.commit();
  }();
  if (!reverted) {
    if (!store_->session().broken()) DUET_TRY(note_failure(step, reverted.error()));
    return std::unexpected(reverted.error());
  }
  postgres::JournalFilter filter;
  filter.object = stored->object;
  filter.sfid = stored->sfid;
  filter.record_id = stored->record_id;
  filter.field = stored->field;
  filter.reasons = {"reverted"};
  filter.limit = 1;
  return journal.list(filter);
}

}  // namespace duet::runtime
