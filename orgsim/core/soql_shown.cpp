#include "orgsim/core/soql_shown.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

/// "1234567.5" with two decimals is "1,234,567.50".
std::string grouped(double number, int decimals) {
  std::string text = fmt::format("{:.{}f}", std::abs(number), decimals);
  const std::size_t whole = std::min(text.find('.'), text.size());
  for (std::size_t at = whole; at > 3; at -= 3) text.insert(at - 3, ",");
  return (number < 0 ? "-" : "") + text;
}

std::string clock(std::int64_t ms_of_day) {
  const std::int64_t minutes = ms_of_day / 60'000;
  const std::int64_t hour = minutes / 60;
  return fmt::format("{}:{:02} {}", hour % 12 == 0 ? 12 : hour % 12, minutes % 60, hour < 12 ? "AM" : "PM");
}

std::string day(std::int64_t days) {
  const CivilDate date = civil_date(days);
  return fmt::format("{}/{}/{}", date.month, date.day, date.year);
}

}  // namespace

std::string shown_text(const FieldDef& field, const CellView& cell, std::string_view currency) {
  if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<double>(&cell)) {
    const std::string text = grouped(*number, field.scale);
    if (field.type == FieldType::percent) return text + "%";
    if (field.type != FieldType::currency) return text;
    return currency == "USD" ? (*number < 0 ? "-$" + text.substr(1) : "$" + text)
                             : fmt::format("{} {}", currency, text);
  }
  const auto* integer = std::get_if<std::int64_t>(&cell);
  if (integer == nullptr) return {};
  switch (field.type) {
    case FieldType::date:
      return day(*integer);
    case FieldType::datetime: {
      const std::int64_t days = floor_days(*integer);
      return fmt::format("{}, {}", day(days), clock(*integer - days * kMsPerDay));
    }
    case FieldType::time:
      return clock(*integer);
    default:
      return grouped(static_cast<double>(*integer), 0);
  }
}

double great_circle(double latitude, double longitude, const SoqlPlace& place) {
  constexpr double kKilometres = 6371.0088;
  constexpr double kMiles = 3958.7613;
  const auto radians = [](double degrees) { return degrees * std::numbers::pi / 180; };
  const auto half_sine = [&](double degrees) {
    const double sine = std::sin(radians(degrees) / 2);
    return sine * sine;
  };
  const double h = half_sine(place.latitude - latitude) + std::cos(radians(latitude)) *
                                                              std::cos(radians(place.latitude)) *
                                                              half_sine(place.longitude - longitude);
  return 2 * (place.in_miles ? kMiles : kKilometres) * std::asin(std::min(1.0, std::sqrt(h)));
}

}  // namespace orgsim
