#include "orgsim/core/time_text.h"

#include <fmt/format.h>

#include <array>

namespace orgsim {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};

/// Days since the epoch of a civil date of the proleptic Gregorian calendar (the usual era arithmetic).
std::int64_t days_of(std::int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto of_era = static_cast<unsigned>(year - era * 400);
  const unsigned of_year = (153 * (month + (month > 2 ? -3U : 9U)) + 2) / 5 + day - 1;
  return era * 146097 + static_cast<std::int64_t>(of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 719468;
}

using Civil = CivilDate;

Civil civil_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * of_year + 2) / 153;
  const unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          of_year - (153 * shifted + 2) / 5 + 1};
}

unsigned days_in_month(std::int64_t year, unsigned month) {
  constexpr std::array<unsigned, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// Reads fixed-width text from left to right; `ok` goes false at the first surprise and stays so.
struct Scanner {
  std::string_view text;
  std::size_t at = 0;
  bool ok = true;

  std::int64_t digits(std::size_t count) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at) {
      if (at >= text.size() || text[at] < '0' || text[at] > '9') {
        ok = false;
        return 0;
      }
      value = value * 10 + (text[at] - '0');
    }
    return value;
  }
  void expect(char c) {
    if (at < text.size() && text[at] == c) {
      ++at;
    } else {
      ok = false;
    }
  }
  bool accept(char c) {
    if (!ok || at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  }
  [[nodiscard]] bool at_end() const { return ok && at == text.size(); }
};

std::optional<std::int64_t> scan_date(Scanner& in) {
  const std::int64_t year = in.digits(4);
  in.expect('-');
  const auto month = static_cast<unsigned>(in.digits(2));
  in.expect('-');
  const auto day = static_cast<unsigned>(in.digits(2));
  if (!in.ok || year < 1700 || year > 4000 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
    return std::nullopt;
  }
  return days_of(year, month, day);
}

std::optional<std::int64_t> scan_time(Scanner& in, bool fraction_allowed) {
  const std::int64_t hour = in.digits(2);
  in.expect(':');
  const std::int64_t minute = in.digits(2);
  in.expect(':');
  const std::int64_t second = in.digits(2);
  if (!in.ok || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  std::int64_t ms = ((hour * 60 + minute) * 60 + second) * 1000;
  if (fraction_allowed && in.accept('.')) {
    std::int64_t unit = 100;
    std::size_t count = 0;
    while (in.at < in.text.size() && in.text[in.at] >= '0' && in.text[in.at] <= '9' && count < 9) {
      ms += (in.text[in.at++] - '0') * unit;
      unit /= 10;
      ++count;
    }
    if (count == 0) return std::nullopt;
  }
  return ms;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::string datetime_text(std::int64_t ms, std::string_view zone) {
  const std::int64_t days = floor_div(ms, kMsPerDay);
  const std::int64_t rest = ms - days * kMsPerDay;
  const Civil date = civil_of(days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}", date.year, date.month, date.day, rest / 3'600'000,
                     rest / 60'000 % 60, rest / 1000 % 60, rest % 1000, zone);
}

}  // namespace

std::int64_t days_from_civil(const CivilDate& date) { return days_of(date.year, date.month, date.day); }
CivilDate civil_date(std::int64_t days) { return civil_of(days); }
std::int64_t weekday(std::int64_t days) { return ((days + 4) % 7 + 7) % 7; }
std::int64_t floor_days(std::int64_t ms) { return (ms - (ms < 0 ? kMsPerDay - 1 : 0)) / kMsPerDay; }

std::optional<std::int64_t> parse_datetime(std::string_view text) {
  Scanner in{text};
  const auto days = scan_date(in);
  if (!days) return std::nullopt;
  in.expect('T');
  const auto time = in.ok ? scan_time(in, true) : std::nullopt;
  if (!time) return std::nullopt;
  std::int64_t offset = 0;
  if (!in.accept('Z')) {
    const bool minus = in.at < text.size() && text[in.at] == '-';
    if (!minus) {
      in.expect('+');
    } else {
      ++in.at;
    }
    const std::int64_t hours = in.digits(2);
    in.accept(':');
    const std::int64_t minutes = in.digits(2);
    if (!in.ok || hours > 14 || minutes > 59) return std::nullopt;
    offset = (hours * 60 + minutes) * 60'000 * (minus ? -1 : 1);
  }
  if (!in.at_end()) return std::nullopt;
  return *days * kMsPerDay + *time - offset;
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  Scanner in{text};
  const auto days = scan_date(in);
  return days && in.at_end() ? days : std::nullopt;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  Scanner in{text};
  const auto ms = scan_time(in, true);
  if (!ms) return std::nullopt;
  in.accept('Z');
  return in.at_end() ? ms : std::nullopt;
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(25) != " GMT" || text.substr(3, 2) != ", ") return std::nullopt;
  unsigned month = 0;
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    if (text.substr(8, 3) == kMonths[i]) month = i + 1;
  }
  Scanner day{text.substr(5, 2)};
  Scanner year{text.substr(12, 4)};
  Scanner time{text.substr(17, 8)};
  const auto d = static_cast<unsigned>(day.digits(2));
  const std::int64_t y = year.digits(4);
  const auto ms = scan_time(time, false);
  if (month == 0 || !day.ok || !year.ok || !ms || y < 1700 || y > 4000 || d < 1 || d > days_in_month(y, month) ||
      text[7] != ' ' || text[11] != ' ' || text[16] != ' ') {
    return std::nullopt;
  }
  return days_of(y, month, d) * kMsPerDay + *ms;
}

std::string rest_datetime(std::int64_t ms) { return datetime_text(ms, "+0000"); }

std::string bulk_datetime(std::int64_t ms) { return datetime_text(ms, "Z"); }

std::string date_text(std::int64_t days) {
  const Civil date = civil_of(days);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string time_text(std::int64_t ms) {
  return fmt::format("{:02}:{:02}:{:02}.{:03}Z", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::string http_date(std::int64_t ms) {
  const std::int64_t days = floor_div(ms, kMsPerDay);
  const std::int64_t rest = ms - days * kMsPerDay;
  const Civil date = civil_of(days);
  const auto weekday = static_cast<std::size_t>(((days % 7) + 7) % 7);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kWeekdays[weekday], date.day, kMonths[date.month - 1],
                     date.year, rest / 3'600'000, rest / 60'000 % 60, rest / 1000 % 60);
}

}  // namespace orgsim
