#include "orgsim/core/soql_date.h"

#include <array>
#include <charconv>
#include <string>

#include "orgsim/core/ascii.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

using Unit = SoqlDateRange::Unit;

/// What n may be at most: beyond it no date that the org can hold is named.
constexpr std::int64_t kCountMax = 1'000'000;

struct UnitName {
  std::string_view singular;
  std::string_view plural;
  Unit unit;
};
constexpr std::array<UnitName, 7> kUnits = {{{"day", "days", Unit::day},
                                             {"week", "weeks", Unit::week},
                                             {"month", "months", Unit::month},
                                             {"quarter", "quarters", Unit::quarter},
                                             {"year", "years", Unit::year},
                                             {"fiscal_quarter", "fiscal_quarters", Unit::quarter},
                                             {"fiscal_year", "fiscal_years", Unit::year}}};

std::optional<SoqlDateRange> plain(std::string_view name) {
  if (name == "today") return SoqlDateRange{Unit::day, 0, 0};
  if (name == "yesterday") return SoqlDateRange{Unit::day, -1, -1};
  if (name == "tomorrow") return SoqlDateRange{Unit::day, 1, 1};
  if (name == "last_90_days") return SoqlDateRange{Unit::day, -90, 0};
  if (name == "next_90_days") return SoqlDateRange{Unit::day, 1, 90};
  for (const auto& [prefix, offset] : {std::pair{"last_", -1}, std::pair{"this_", 0}, std::pair{"next_", 1}}) {
    if (!name.starts_with(prefix)) continue;
    for (const UnitName& unit : kUnits) {
      const bool is_day = unit.unit == Unit::day;
      if (!is_day && name.substr(5) == unit.singular) return SoqlDateRange{unit.unit, offset, offset};
    }
  }
  return std::nullopt;
}

std::optional<SoqlDateRange> counted(std::string_view name, std::int64_t n) {
  for (const UnitName& unit : kUnits) {
    // Days count from today on, greater units from the one before or after the present one.
    const bool is_day = unit.unit == Unit::day;
    if (name.starts_with("last_n_") && name.substr(7) == unit.plural) {
      return SoqlDateRange{unit.unit, -n, is_day ? 0 : -1};
    }
    if (name.starts_with("next_n_") && name.substr(7) == unit.plural) return SoqlDateRange{unit.unit, 1, n};
    if (name.starts_with("n_") && name.ends_with("_ago") && name.substr(2, name.size() - 6) == unit.plural) {
      return SoqlDateRange{unit.unit, -n, -n};
    }
  }
  return std::nullopt;
}

std::int64_t month_start(std::int64_t today, std::int64_t months) {
  const CivilDate date = civil_date(today);
  const std::int64_t number = date.year * 12 + static_cast<std::int64_t>(date.month) - 1 + months;
  const std::int64_t year = (number - (number < 0 ? 11 : 0)) / 12;
  return days_from_civil({year, static_cast<unsigned>(number - year * 12) + 1, 1});
}

std::int64_t start_of(Unit unit, std::int64_t today, std::int64_t offset) {
  const CivilDate date = civil_date(today);
  switch (unit) {
    case Unit::day:
      return today + offset;
    case Unit::week:
      return today - weekday(today) + offset * 7;
    case Unit::month:
      return month_start(today, offset);
    case Unit::quarter:
      return month_start(today, offset * 3 - (date.month - 1) % 3);
    case Unit::year:
      return days_from_civil({date.year + offset, 1, 1});
  }
  return today;
}

}  // namespace

std::optional<SoqlDateRange> parse_soql_date(std::string_view text) {
  const std::string name = lower(text);
  const auto colon = name.find(':');
  if (colon == std::string::npos) return plain(name);
  std::int64_t n = 0;
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + colon + 1, end, n);
  if (read.ec != std::errc() || read.ptr != end || n > kCountMax) return std::nullopt;
  return counted(std::string_view(name).substr(0, colon), n);
}

DayRange resolve(const SoqlDateRange& range, std::int64_t today) {
  return {start_of(range.unit, today, range.first), start_of(range.unit, today, range.last + 1) - 1};
}

}  // namespace orgsim
