#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace orgsim {

/// A date literal such as THIS_WEEK or LAST_N_MONTHS:3: whole periods counted from the one that today is in.
struct SoqlDateRange {
  enum class Unit : std::uint8_t { day, week, month, quarter, year };
  Unit unit = Unit::day;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// By its name in any letter case, with its ":n"; the fiscal literals are the calendar's.
[[nodiscard]] std::optional<SoqlDateRange> parse_soql_date(std::string_view text);

/// First and last day of the range; weeks begin on Sunday.
struct DayRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
[[nodiscard]] DayRange resolve(const SoqlDateRange& range, std::int64_t today);

}  // namespace orgsim
