#pragma once

#include <string>

#include "base/error.h"
#include "rules/context.h"

namespace duet::rules {

/// What the org answered for one attempt (design §5 rules 3, 7, 8). An answer to an attempt that is already settled
/// changes nothing but the sfid. Each expects absorb() to have run when the row could be read.

void on_accepted(const Turn& turn, const std::string& token, const std::string& sfid);

/// By the error's kind: retried later, read again first, or refused for good: then the log row is FAILED, and the
/// values are in the journal and in an issue.
void on_rejected(const Turn& turn, const std::string& token, const Error& error);

/// Nobody knows whether the org applied it. Never resent blind.
void on_unknown(const Turn& turn, const std::string& token);

/// The log rows of an attempt that the org applied: SUCCESS for the newest of each field, which carried the value that
/// went out, MERGED for the others.
void finish_log(const Turn& turn, const Attempt& attempt);

/// It is certain that the request did not leave.
void on_not_sent(const Turn& turn, const std::string& token);

}  // namespace duet::rules
