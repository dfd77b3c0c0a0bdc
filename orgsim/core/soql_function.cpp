#include "orgsim/core/soql_function.h"

#include <algorithm>
#include <array>
#include <utility>

#include "orgsim/core/ascii.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

constexpr std::array<std::pair<std::string_view, SoqlFunction>, 24> kFunctions = {
    {{"COUNT", SoqlFunction::count},
     {"COUNT_DISTINCT", SoqlFunction::count_distinct},
     {"SUM", SoqlFunction::sum},
     {"AVG", SoqlFunction::avg},
     {"MIN", SoqlFunction::min},
     {"MAX", SoqlFunction::max},
     {"GROUPING", SoqlFunction::grouping},
     {"FORMAT", SoqlFunction::format},
     {"DISTANCE", SoqlFunction::distance},
     {"toLabel", SoqlFunction::to_label},
     {"convertCurrency", SoqlFunction::convert_currency},
     {"CALENDAR_YEAR", SoqlFunction::calendar_year},
     {"CALENDAR_QUARTER", SoqlFunction::calendar_quarter},
     {"CALENDAR_MONTH", SoqlFunction::calendar_month},
     {"FISCAL_YEAR", SoqlFunction::calendar_year},
     {"FISCAL_QUARTER", SoqlFunction::calendar_quarter},
     {"FISCAL_MONTH", SoqlFunction::calendar_month},
     {"DAY_IN_MONTH", SoqlFunction::day_in_month},
     {"DAY_IN_WEEK", SoqlFunction::day_in_week},
     {"DAY_IN_YEAR", SoqlFunction::day_in_year},
     {"DAY_ONLY", SoqlFunction::day_only},
     {"HOUR_IN_DAY", SoqlFunction::hour_in_day},
     {"WEEK_IN_MONTH", SoqlFunction::week_in_month},
     {"WEEK_IN_YEAR", SoqlFunction::week_in_year}}};

FieldDef plain_field(FieldType type) {
  FieldDef field;
  field.type = type;
  return field;
}

/// Of a picklist that takes one value; several values keep their API names.
CellView label_of(const FieldDef& field, const CellView& cell) {
  const auto* text = std::get_if<std::string_view>(&cell);
  if (text == nullptr) return cell;
  const auto found = std::ranges::find(field.picklist, *text, &PicklistEntry::value);
  return found == field.picklist.end() ? cell : CellView{std::string_view(found->label)};
}

}  // namespace

std::optional<SoqlFunction> parse_soql_function(std::string_view name) {
  const auto* found = std::ranges::find_if(kFunctions, [name](const auto& one) { return same_name(one.first, name); });
  return found == kFunctions.end() ? std::nullopt : std::optional(found->second);
}

std::string_view function_name(SoqlFunction function) {
  const auto* found = std::ranges::find(kFunctions, function, &std::pair<std::string_view, SoqlFunction>::second);
  return found == kFunctions.end() ? std::string_view() : found->first;
}

bool is_aggregate(SoqlFunction function) {
  return function >= SoqlFunction::count && function <= SoqlFunction::grouping;
}

bool is_date_part(SoqlFunction function) { return function >= SoqlFunction::calendar_year; }

bool takes(SoqlFunction function, const FieldDef& field) {
  if (is_compound(field.type)) return function == SoqlFunction::distance;
  switch (function) {
    case SoqlFunction::sum:
    case SoqlFunction::avg:
      return is_number(field.type);
    case SoqlFunction::count:
    case SoqlFunction::count_distinct:
      return field.aggregatable || field.type == FieldType::id;
    case SoqlFunction::min:
    case SoqlFunction::max:
      return field.type != FieldType::boolean && field.aggregatable;
    case SoqlFunction::convert_currency:
    case SoqlFunction::format_converted:
      return field.type == FieldType::currency;
    case SoqlFunction::distance:
      return false;
    case SoqlFunction::day_only:
    case SoqlFunction::hour_in_day:
      return field.type == FieldType::datetime;
    default:
      return !is_date_part(function) || field.type == FieldType::date || field.type == FieldType::datetime;
  }
}

const FieldDef& result_field(SoqlFunction function, const FieldDef& field) {
  static const FieldDef whole = plain_field(FieldType::int_);
  static const FieldDef decimal = plain_field(FieldType::double_);
  static const FieldDef day = plain_field(FieldType::date);
  static const FieldDef text = plain_field(FieldType::string);
  if (function == SoqlFunction::count || function == SoqlFunction::count_distinct ||
      function == SoqlFunction::grouping) {
    return whole;
  }
  if (function == SoqlFunction::avg || function == SoqlFunction::distance) return decimal;
  if (function == SoqlFunction::format || function == SoqlFunction::format_converted) return text;
  if (function == SoqlFunction::day_only) return day;
  return is_date_part(function) ? whole : field;
}

CellView apply(SoqlFunction function, const FieldDef& field, const CellView& cell) {
  if (function == SoqlFunction::to_label) return label_of(field, cell);
  if (!is_date_part(function)) return cell;
  const auto* value = std::get_if<std::int64_t>(&cell);
  if (value == nullptr) return {};
  const std::int64_t day = field.type == FieldType::datetime ? floor_days(*value) : *value;
  const CivilDate date = civil_date(day);
  const std::int64_t of_year = day - days_from_civil({date.year, 1, 1}) + 1;
  switch (function) {
    case SoqlFunction::calendar_year:
      return date.year;
    case SoqlFunction::calendar_quarter:
      return std::int64_t{(date.month + 2) / 3};
    case SoqlFunction::calendar_month:
      return std::int64_t{date.month};
    case SoqlFunction::day_in_month:
      return std::int64_t{date.day};
    case SoqlFunction::day_in_week:
      return weekday(day) + 1;
    case SoqlFunction::day_in_year:
      return of_year;
    case SoqlFunction::hour_in_day:
      return (*value - day * kMsPerDay) / 3'600'000;
    case SoqlFunction::week_in_month:
      return std::int64_t{(date.day + 6) / 7};
    case SoqlFunction::week_in_year:
      return (of_year + 6) / 7;
    default:
      return day;
  }
}

}  // namespace orgsim
