#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orgsim {

/// Dates and times between their stored form (value.h) and text. Formats: spec/salesforce-api.md §0.11 and §6.2.

inline constexpr std::int64_t kMsPerDay = 86'400'000;

/// A day of the proleptic Gregorian calendar.
struct CivilDate {
  std::int64_t year = 0;
  unsigned month = 0;
  unsigned day = 0;
};
[[nodiscard]] std::int64_t days_from_civil(const CivilDate& date);
[[nodiscard]] CivilDate civil_date(std::int64_t days);
/// 0 is Sunday.
[[nodiscard]] std::int64_t weekday(std::int64_t days);
/// The day of a moment in ms, also before 1970.
[[nodiscard]] std::int64_t floor_days(std::int64_t ms);

/// A date-time in any form the org accepts: `2026-01-01T10:00:00Z`, `+0000`, `+00:00`, `-08:00`, optional fraction of a
/// second (kept to the millisecond), years 1700 to 4000. Nothing when it is anything else.
[[nodiscard]] std::optional<std::int64_t> parse_datetime(std::string_view text);
/// `2026-01-01` → days since the epoch.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text);
/// `10:00:00.000Z`, also without fraction or Z → ms since midnight.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text);
/// `Tue, 10 Aug 2015 00:00:00 GMT` (the conditional request headers) → ms.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(std::string_view text);

/// REST: `2026-01-01T10:00:00.000+0000`.
[[nodiscard]] std::string rest_datetime(std::int64_t ms);
/// Bulk 2.0 CSV: `2026-01-01T10:00:00.000Z`.
[[nodiscard]] std::string bulk_datetime(std::int64_t ms);
[[nodiscard]] std::string date_text(std::int64_t days);
[[nodiscard]] std::string time_text(std::int64_t ms_of_day);
[[nodiscard]] std::string http_date(std::int64_t ms);

}  // namespace orgsim
