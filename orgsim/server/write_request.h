#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "orgsim/core/transaction.h"
#include "orgsim/server/org_host.h"

namespace orgsim {

/// The transaction that a request writes in: its own, or that of the composite request around it, which alone ends it.
/// Used and destroyed while the org is held.
class RequestTransaction {
 public:
  RequestTransaction(const OrgHost::Access& org, Transaction* outer, const Writer& writer);

  Transaction& operator*() { return outer_ != nullptr ? *outer_ : *own_; }
  Transaction* operator->() { return &**this; }
  /// Back to where the request began.
  void rewind() { (**this).roll_back_to(start_); }
  /// Commits its own transaction as commit_in_time does; the outer one goes on.
  bool keep(OrgHost::Access& org, std::chrono::steady_clock::time_point started);
  /// Leaves no trace of the request.
  void drop(OrgHost::Access& org);

 private:
  std::optional<Transaction> own_;
  Transaction* outer_;
  std::size_t start_;
};

/// Runs the statement, and again after each wait for others' commits while its rows are locked, up to the org's lock
/// wait (spec §5). The statement must leave no trace when it fails; a batch rolls back to its savepoint itself.
std::vector<SaveResult> wait_for_locks(OrgHost::Access& org, const std::function<std::vector<SaveResult>()>& statement);

/// Commits after the org's commit delay and the time that its automation takes, and tells subscribers. False, and
/// rolled back, when the request has been running longer than the org allows: nothing of it will ever be applied
/// (design §5 rule 7).
bool commit_in_time(OrgHost::Access& org, Transaction& transaction, std::chrono::steady_clock::time_point started,
                    CommitResult* committed = nullptr);

}  // namespace orgsim
