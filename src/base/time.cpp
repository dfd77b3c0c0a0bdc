#include "base/time.h"

#include <optional>

#include <fmt/format.h>

namespace duet {
namespace {

constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int64_t kMsPerHour = 3'600'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

unsigned days_in_month(int year, unsigned month) {
  static constexpr unsigned kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

/// Reads fixed-width parts of a text from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool accept(char c) {
    if (peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int number = 0;
    for (char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }

  /// Digits after the point as ms; what is finer is cut off.
  std::optional<int> fraction() {
    int ms = 0;
    int count = 0;
    while (peek() >= '0' && peek() <= '9') {
      if (count < 3) ms = ms * 10 + (peek() - '0');
      rest_.remove_prefix(1);
      ++count;
    }
    if (count == 0 || count > 9) return std::nullopt;
    for (; count < 3; ++count) ms *= 10;
    return ms;
  }

 private:
  std::string_view rest_;
};

std::optional<std::int32_t> read_date(Reader& reader) {
  auto year = reader.digits(4);
  if (!year || !reader.accept('-')) return std::nullopt;
  auto month = reader.digits(2);
  if (!month || *month < 1 || *month > 12 || !reader.accept('-')) return std::nullopt;
  auto day = reader.digits(2);
  if (!day || *day < 1) return std::nullopt;
  const auto m = static_cast<unsigned>(*month);
  const auto d = static_cast<unsigned>(*day);
  if (d > days_in_month(*year, m)) return std::nullopt;
  return days_from_civil(*year, m, d);
}

std::optional<std::int64_t> read_time(Reader& reader) {
  auto hour = reader.digits(2);
  if (!hour || *hour > 23 || !reader.accept(':')) return std::nullopt;
  auto minute = reader.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t ms = *hour * kMsPerHour + *minute * kMsPerMinute;
  if (!reader.accept(':')) return ms;
  auto second = reader.digits(2);
  if (!second || *second > 59) return std::nullopt;
  ms += *second * kMsPerSecond;
  if (reader.accept('.')) {
    auto fraction = reader.fraction();
    if (!fraction) return std::nullopt;
    ms += *fraction;
  }
  return ms;
}

/// `Z`, `+00`, `+0000`, `+00:00` or nothing, as ms ahead of UTC.
std::optional<std::int64_t> read_zone(Reader& reader) {
  if (reader.done() || reader.accept('Z')) return 0;
  const bool negative = reader.accept('-');
  if (!negative && !reader.accept('+')) return std::nullopt;
  auto hours = reader.digits(2);
  if (!hours || *hours > 15) return std::nullopt;
  std::int64_t ms = *hours * kMsPerHour;
  if (!reader.done()) {
    reader.accept(':');
    auto minutes = reader.digits(2);
    if (!minutes || *minutes > 59) return std::nullopt;
    ms += *minutes * kMsPerMinute;
  }
  return negative ? -ms : ms;
}

}  // namespace

std::int32_t days_from_civil(int year, unsigned month, unsigned day) {
  // Years begin in March here, so that the leap day is the last day of a year.
  const int y = month <= 2 ? year - 1 : year;
  const int era = static_cast<int>(floor_div(y, 400));
  const auto year_of_era = static_cast<unsigned>(y - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + static_cast<std::int32_t>(day_of_era) - 719'468;
}

CivilDate civil_from_days(std::int32_t days) {
  const std::int64_t shifted = static_cast<std::int64_t>(days) + 719'468;
  const std::int64_t era = floor_div(shifted, 146'097);
  const auto day_of_era = static_cast<unsigned>(shifted - era * 146'097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_from_march = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const auto year = static_cast<int>(year_of_era + era * 400) + (month <= 2 ? 1 : 0);
  return {year, month, day};
}

std::string format_timestamp(TimeMs time) {
  const std::int64_t days = floor_div(time, kMsPerDay);
  return fmt::format("{}T{}Z", format_date(static_cast<std::int32_t>(days)),
                     format_time_of_day(time - days * kMsPerDay));
}

Result<TimeMs> parse_timestamp(std::string_view text) {
  Reader reader(text);
  auto days = read_date(reader);
  if (days && (reader.accept('T') || reader.accept(' '))) {
    auto time = read_time(reader);
    auto zone = time ? read_zone(reader) : std::nullopt;
    if (zone && reader.done()) return *days * kMsPerDay + *time - *zone;
  }
  return fail(ErrorKind::bad_data, "not a timestamp");
}

std::string format_date(std::int32_t days) {
  const CivilDate date = civil_from_days(days);
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

Result<std::int32_t> parse_date(std::string_view text) {
  Reader reader(text);
  auto days = read_date(reader);
  if (days && reader.done()) return *days;
  return fail(ErrorKind::bad_data, "not a date");
}

std::string format_time_of_day(std::int64_t ms) {
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / kMsPerHour, ms / kMsPerMinute % 60, ms / kMsPerSecond % 60,
                     ms % kMsPerSecond);
}

Result<std::int64_t> parse_time_of_day(std::string_view text) {
  Reader reader(text);
  auto ms = read_time(reader);
  if (ms) reader.accept('Z');
  if (ms && reader.done()) return *ms;
  return fail(ErrorKind::bad_data, "not a time of day");
}

}  // namespace duet
