#include "orgsim/server/write_request.h"

#include <algorithm>

namespace orgsim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool is_locked(const SaveResult& result) {
  // A lock that a trigger ran into is told inside the trigger's error.
  return !result.success && std::any_of(result.errors.begin(), result.errors.end(), [](const Error& error) {
    return error.code == codes::kUnableToLockRow || error.message.find(codes::kUnableToLockRow) != std::string::npos;
  });
}

}  // namespace

RequestTransaction::RequestTransaction(const OrgHost::Access& org, Transaction* outer, const Writer& writer)
    : own_(outer == nullptr ? std::optional(org->begin(writer)) : std::nullopt),
      outer_(outer),
      start_((**this).savepoint()) {}

bool RequestTransaction::keep(OrgHost::Access& org, steady_clock::time_point started) {
  return outer_ != nullptr || commit_in_time(org, *own_, started);
}

void RequestTransaction::drop(OrgHost::Access& org) {
  if (outer_ != nullptr) return rewind();
  own_->roll_back();
  org.announce();
}

std::vector<SaveResult> wait_for_locks(OrgHost::Access& org,
                                       const std::function<std::vector<SaveResult>()>& statement) {
  const auto deadline = steady_clock::now() + milliseconds(org->settings().lock_wait_ms);
  while (true) {
    std::vector<SaveResult> results = statement();
    const bool locked = std::any_of(results.begin(), results.end(), is_locked);
    if (!locked || org.stopping() || !org.wait(deadline)) return results;
  }
}

bool commit_in_time(OrgHost::Access& org, Transaction& transaction, steady_clock::time_point started,
                    CommitResult* committed) {
  const std::int64_t delay = org->settings().commit_delay_ms + transaction.service_ms();
  if (delay > 0) org.pause(milliseconds(delay));
  if (steady_clock::now() - started > milliseconds(org->settings().request_time_limit_ms)) {
    transaction.roll_back();
    org.announce();
    return false;
  }
  const CommitResult result = transaction.commit();
  if (committed != nullptr) *committed = result;
  org.announce();
  return true;
}

}  // namespace orgsim
