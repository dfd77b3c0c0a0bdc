#pragma once

#include "base/error.h"

struct pg_result;

namespace duet::postgres {

// SQLSTATEs that the code asks for by name.
inline constexpr const char* kLockNotAvailable = "55P03";
inline constexpr const char* kDeadlockDetected = "40P01";
inline constexpr const char* kUniqueViolation = "23505";
inline constexpr const char* kXmlbinaryChanged = "DU001";

/// An error of the server in our terms: kind by SQLSTATE, `code` the SQLSTATE, names of table, column and constraint.
/// Texts that may hold values (data exceptions, RAISE of an app's trigger, DETAIL) are left out.
Error server_error(const pg_result* result);

/// Whether the database refused this one record, so that the others of a batch can still be written.
bool is_record_error(const Error& error);

}  // namespace duet::postgres
