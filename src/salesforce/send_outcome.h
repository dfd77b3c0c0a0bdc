#pragma once

#include <string_view>
#include <vector>

#include "model/mapping.h"
#include "ports/org.h"
#include "salesforce/rest_client.h"

namespace duet::salesforce {

/// The outcome of a call that failed, for each of its records.
ports::SendOutcome outcome_of(CallFailure failure);

/// Corrects what an error code cannot tell alone: a delete of what is deleted is done, and DUPLICATE_VALUE is about the
/// mapping's key only on creates and only when it names that field.
ports::SendOutcome judged(ports::SendOutcome outcome, const Mapping& mapping, AttemptKind kind);

/// The outcome of a single row's answer.
ports::SendOutcome read_row_answer(const RestCall& call, const HttpResponse& response);

/// The outcomes in a collection's answer, in order. All `unknown` when the answer is not what was asked for: then
/// nobody can tell which record a result speaks of.
std::vector<ports::SendOutcome> read_collection_answer(std::string_view body, std::size_t records);

}  // namespace duet::salesforce
