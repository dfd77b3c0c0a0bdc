#include "salesforce/org_gauges.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace duet::salesforce {
namespace {

constexpr TimeMs kWindowMs = 600'000;
constexpr TimeMs kUnknownMs = 3'600'000;
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};

std::optional<int> number(std::string_view text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<TimeMs> parse_http_date(std::string_view text) {
  // "Tue, 10 Aug 2015 00:00:00 GMT"
  if (text.size() != 29 || text.substr(25) != " GMT" || text[19] != ':' || text[22] != ':') return std::nullopt;
  auto month = std::ranges::find(kMonths, text.substr(8, 3));
  auto day = number(text.substr(5, 2)), year = number(text.substr(12, 4)), hour = number(text.substr(17, 2));
  auto minute = number(text.substr(20, 2)), second = number(text.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second || *day < 1 || *day > 31)
    return std::nullopt;
  if (*hour < 0 || *hour > 23 || *minute < 0 || *minute > 59 || *second < 0 || *second > 60) return std::nullopt;
  TimeMs days = days_from_civil(*year, static_cast<unsigned>(month - kMonths.begin()) + 1, static_cast<unsigned>(*day));
  return days * kMsPerDay + ((*hour * 60L + *minute) * 60 + *second) * kMsPerSecond;
}

std::string format_http_date(TimeMs time) {
  TimeMs seconds = time / kMsPerSecond - (time % kMsPerSecond < 0 ? 1 : 0);
  auto days = static_cast<std::int32_t>(seconds / 86'400 - (seconds % 86'400 < 0 ? 1 : 0));
  TimeMs of_day = seconds - days * 86'400L;
  CivilDate date = civil_from_days(days);
  auto weekday = static_cast<std::size_t>(((days % 7) + 7) % 7);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday], date.day, kMonths[date.month - 1],
                     date.year, of_day / 3600, of_day / 60 % 60, of_day % 60);
}

void OrgGauges::observe(const HttpResponse& response) {
  std::lock_guard lock(mutex_);
  observe_usage(response);
  observe_date(response);
}

void OrgGauges::observe_usage(const HttpResponse& response) {
  const std::string* info = response.header("sforce-limit-info");
  if (!info) return;
  constexpr std::string_view kKey = "api-usage=";
  std::string_view text = *info;
  // `per-app-api-usage=` may stand beside it.
  auto at = text.find(kKey);
  if (at == std::string_view::npos || (at > 0 && text[at - 1] == '-')) return;
  text.remove_prefix(at + kKey.size());
  text = text.substr(0, text.find_first_of(";, "));
  auto slash = text.find('/');
  if (slash == std::string_view::npos) return;
  auto used = number(text.substr(0, slash)), allowed = number(text.substr(slash + 1));
  if (used && allowed) usage_ = ports::ApiUsage{*used, *allowed};
}

void OrgGauges::observe_date(const HttpResponse& response) {
  const std::string* header = response.header("date");
  auto date = header ? parse_http_date(*header) : std::nullopt;
  if (!date || response.sent_at == 0 || response.received_at < response.sent_at) return;
  // The org's clock stood within [date, date + 1 s) at some moment between sending and receiving.
  TimeMs low = *date - response.received_at;
  TimeMs high = *date + kMsPerSecond - response.sent_at;
  bool stale = !known_ || response.received_at - since_ > kWindowMs || response.received_at < since_;
  if (stale || low > high_ || high < low_) {
    known_ = true;
    low_ = low;
    high_ = high;
    since_ = response.received_at;
  } else {
    low_ = std::max(low_, low);
    high_ = std::min(high_, high);
  }
}

std::optional<ports::ApiUsage> OrgGauges::api_usage() const {
  std::lock_guard lock(mutex_);
  return usage_;
}

ports::ClockOffset OrgGauges::clock_offset() const {
  std::lock_guard lock(mutex_);
  if (!known_) return {0, kUnknownMs};
  return {(low_ + high_) / 2, (high_ - low_ + 1) / 2};
}

}  // namespace duet::salesforce
