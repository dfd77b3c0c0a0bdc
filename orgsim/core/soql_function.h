#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// Functions over one field: aggregates, parts of dates (in UTC, the users' time zone here), and what shows a value
/// otherwise.
enum class SoqlFunction : std::uint8_t {
  none,
  count,
  count_distinct,
  sum,
  avg,
  min,
  max,
  grouping,  ///< 1 in the subtotals of ROLLUP and CUBE that the field does not divide
  to_label,
  convert_currency,
  format,            ///< as the user's page would show it
  format_converted,  ///< FORMAT(convertCurrency(x))
  distance,          ///< from a compound field to a place; not known to apply()
  calendar_year,
  calendar_quarter,
  calendar_month,
  day_in_month,
  day_in_week,
  day_in_year,
  day_only,
  hour_in_day,
  week_in_month,
  week_in_year,
};

/// By its name in any letter case; the fiscal functions are the calendar's, because the year of the org begins in
/// January.
[[nodiscard]] std::optional<SoqlFunction> parse_soql_function(std::string_view name);
/// The name that the documentation gives it; empty for none.
[[nodiscard]] std::string_view function_name(SoqlFunction function);
[[nodiscard]] bool is_aggregate(SoqlFunction function);
[[nodiscard]] bool is_date_part(SoqlFunction function);
/// Whether the function may be used on a field of this kind.
[[nodiscard]] bool takes(SoqlFunction function, const FieldDef& field);
/// The field that the function's value is like: the field itself, or one that stands for a whole number, a decimal
/// number or a date. Lives as long as the program, or as the field.
[[nodiscard]] const FieldDef& result_field(SoqlFunction function, const FieldDef& field);
/// What a function that is no aggregate makes of a value: a part of a date, a picklist's label; null of null. Text
/// lives as long as the value or the field.
[[nodiscard]] CellView apply(SoqlFunction function, const FieldDef& field, const CellView& cell);

}  // namespace orgsim
