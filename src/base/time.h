#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duet {

/// Milliseconds since 1970-01-01T00:00:00Z. Which clock (the org's or this machine's) is said by the name of the
/// variable.
using TimeMs = std::int64_t;

inline constexpr TimeMs kMsPerSecond = 1000;
inline constexpr TimeMs kMsPerDay = 86'400'000;

/// Both ends inclusive.
struct TimeInterval {
  TimeMs from = 0;
  TimeMs to = 0;

  bool operator==(const TimeInterval&) const = default;
};

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
std::int32_t days_from_civil(int year, unsigned month, unsigned day);

struct CivilDate {
  int year;
  unsigned month;
  unsigned day;
};
CivilDate civil_from_days(std::int32_t days);

/// `2026-01-31T10:00:00.000Z`, always UTC with milliseconds.
std::string format_timestamp(TimeMs time);

/// Accepts `T` or a space, optional fraction, and `Z`, `+0000`, `+00:00` or no zone (read as UTC).
Result<TimeMs> parse_timestamp(std::string_view text);

/// `2026-01-31`.
std::string format_date(std::int32_t days);
Result<std::int32_t> parse_date(std::string_view text);

/// Milliseconds since midnight as `10:00:00.000`, and back (a trailing `Z` is accepted).
std::string format_time_of_day(std::int64_t ms);
Result<std::int64_t> parse_time_of_day(std::string_view text);

}  // namespace duet
