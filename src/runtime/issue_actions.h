#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/clock.h"
#include "postgres/issue_store.h"
#include "postgres/journal_store.h"
#include "postgres/store_session.h"
#include "runtime/access.h"
#include "runtime/config.h"

namespace duet::runtime {

/// What a person wants to be done about an issue.
struct IssueDecision {
  std::string action;                         ///< retry | revert | resolve | ignore
  std::string use;                            ///< resolve: salesforce | postgres | base, for fields not named below
  std::map<std::string, std::string> fields;  ///< resolve: the same by field
  std::map<std::string, std::string> set;     ///< resolve: a value by field, as JSON
  bool always = false;                        ///< resolve: also make the chosen side the fields' policy
};

struct ActionOutcome {
  postgres::StoredIssue issue;
  long writes = 0;  ///< forward writes
};

struct BulkFailure {
  std::int64_t id = 0;
  Error error;
};

struct BulkOutcome {
  long matched = 0;
  long possible = 0;
  long done = 0;
  long stale = 0;
  std::vector<BulkFailure> failures;  ///< not counting stale ones
};

/// What can be done about an issue in its state, whoever asks.
std::vector<std::string_view> possible_actions(const postgres::StoredIssue& issue);
std::vector<std::string_view> possible_actions(std::string_view kind, std::string_view state);

/// Acts on issues: each action is one transaction that locks the record as the engine does, checks that it is what the
/// person saw, writes forward (design §5 rule 2), closes the issue and writes the audit log. Errors: `not_found`,
/// `bad_data`; `rejected` with code STALE (nothing was written but the audit log) or NOT_POSSIBLE; `row_locked`. One
/// thread; opens a database session of its own.
class IssueActions {
 public:
  IssueActions(const ConnectionConfig& connection, ports::Clock& clock) : connection_(connection), clock_(clock) {}
  ~IssueActions();

  Result<ActionOutcome> act(const Caller& caller, std::int64_t id, const IssueDecision& decision);

  /// Acts on at most `limit` of the issues that the filter finds and that allow the action, newest first; with
  /// `dry_run` only counts.
  Result<BulkOutcome> act_on_all(const Caller& caller, postgres::IssueFilter filter, const IssueDecision& decision,
                                 long limit, bool dry_run);

  /// Brings the value of a journal entry back on both sides. The entries that say so, newest first.
  Result<std::vector<postgres::StoredJournalEntry>> revert_entry(const Caller& caller, std::int64_t id, bool force);

 private:
  struct Step;

  Result<void> open();
  Result<const Mapping*> mapping_of(const std::string& object);
  Result<ActionOutcome> try_act(const Caller& caller, const postgres::StoredIssue& seen, const IssueDecision& decision);
  Result<ActionOutcome> run(Step& step);
  /// What is held goes out (retry) or comes back into the table (revert); the engine carries it out.
  Result<ActionOutcome> decide_breaker(const Step& step);
  Result<void> note_failure(const Step& step, const Error& error);
  Result<void> set_policy(const Step& step);
  Result<postgres::StoredIssue> find(std::int64_t id);

  const ConnectionConfig& connection_;
  ports::Clock& clock_;
  int connection_id_ = 0;
  std::shared_ptr<postgres::StoreSession> store_;
  std::map<std::string, Mapping> mappings_;  ///< by object, lower case
};

}  // namespace duet::runtime
