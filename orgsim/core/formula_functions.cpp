#include "orgsim/core/formula_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "orgsim/core/ascii.h"
#include "orgsim/core/formula_text.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

using F = FormulaFunction;

constexpr std::size_t kMany = 1'000;

/// In the order of FormulaFunction.
constexpr std::array<FormulaSignature, 53> kSignatures = {{{"+", F::add, "aa"},
                                                           {"-", F::subtract, "aa"},
                                                           {"*", F::multiply, "nn", 2, 2, 'n'},
                                                           {"/", F::divide, "nn", 2, 2, 'n'},
                                                           {"^", F::power, "nn", 2, 2, 'n'},
                                                           {"&", F::concatenate, "ss", 2, 2, 's'},
                                                           {"-", F::negate, "n", 1, 1, 'n'},
                                                           {"=", F::equal, "aa"},
                                                           {"<>", F::not_equal, "aa"},
                                                           {"<", F::less, "aa"},
                                                           {"<=", F::less_or_equal, "aa"},
                                                           {">", F::greater, "aa"},
                                                           {">=", F::greater_or_equal, "aa"},
                                                           {"AND", F::logical_and, "b", 1, kMany, 'b'},
                                                           {"OR", F::logical_or, "b", 1, kMany, 'b'},
                                                           {"IF", F::choose_if, "baa", 3, 3},
                                                           {"CASE", F::choose_case, "a", 4, kMany},
                                                           {"BLANKVALUE", F::blank_value, "a", 2, 2},
                                                           {"NOT", F::logical_not, "b", 1, 1, 'b'},
                                                           {"ISBLANK", F::is_blank, "a", 1, 1, 'b'},
                                                           {"ISNUMBER", F::is_number, "s", 1, 1, 'b'},
                                                           {"ISPICKVAL", F::is_picklist_value, "ps", 2, 2, 'b'},
                                                           {"TEXT", F::text, "x", 1, 1, 's'},
                                                           {"LEN", F::length, "s", 1, 1, 'n'},
                                                           {"UPPER", F::upper, "s", 1, 1, 's'},
                                                           {"LOWER", F::lower, "s", 1, 1, 's'},
                                                           {"TRIM", F::trim, "s", 1, 1, 's'},
                                                           {"LEFT", F::left, "sn", 2, 2, 's'},
                                                           {"RIGHT", F::right, "sn", 2, 2, 's'},
                                                           {"MID", F::middle, "snn", 3, 3, 's'},
                                                           {"CONTAINS", F::contains, "ss", 2, 2, 'b'},
                                                           {"BEGINS", F::begins, "ss", 2, 2, 'b'},
                                                           {"FIND", F::find, "ssn", 2, 3, 'n'},
                                                           {"SUBSTITUTE", F::substitute, "sss", 3, 3, 's'},
                                                           {"BR", F::line_break, "a", 0, 0, 's'},
                                                           {"VALUE", F::value, "s", 1, 1, 'n'},
                                                           {"ROUND", F::round, "nn", 2, 2, 'n'},
                                                           {"FLOOR", F::floor, "n", 1, 1, 'n'},
                                                           {"CEILING", F::ceiling, "n", 1, 1, 'n'},
                                                           {"ABS", F::absolute, "n", 1, 1, 'n'},
                                                           {"SQRT", F::square_root, "n", 1, 1, 'n'},
                                                           {"MOD", F::modulo, "nn", 2, 2, 'n'},
                                                           {"MIN", F::minimum, "n", 1, kMany, 'n'},
                                                           {"MAX", F::maximum, "n", 1, kMany, 'n'},
                                                           {"TODAY", F::today, "a", 0, 0, 'd'},
                                                           {"NOW", F::now, "a", 0, 0, 't'},
                                                           {"YEAR", F::year, "d", 1, 1, 'n'},
                                                           {"MONTH", F::month, "d", 1, 1, 'n'},
                                                           {"DAY", F::day, "d", 1, 1, 'n'},
                                                           {"DATE", F::date, "nnn", 3, 3, 'd'},
                                                           {"DATEVALUE", F::date_value, "v", 1, 1, 'd'},
                                                           // Older names of the same.
                                                           {"ISNULL", F::is_blank, "a", 1, 1, 'b'},
                                                           {"NULLVALUE", F::blank_value, "a", 2, 2}}};

constexpr bool in_order() {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(F::date_value); ++i) {
    if (kSignatures[i].function != static_cast<F>(i)) return false;
  }
  return true;
}
static_assert(in_order());

std::string text_of(const FormulaValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string();
}
std::optional<double> number_of(const FormulaValue& value) {
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? std::optional(*number) : std::nullopt;
}
/// Where a moment stands on its axis: days of a date, fractions of days of a date-time.
std::optional<double> days_of(const FormulaValue& value) {
  if (const auto* date = std::get_if<FormulaDate>(&value)) return static_cast<double>(date->days);
  if (const auto* moment = std::get_if<FormulaMoment>(&value)) {
    return static_cast<double>(moment->ms) / static_cast<double>(kMsPerDay);
  }
  return std::nullopt;
}

FormulaValue finite(double value) { return std::isfinite(value) ? FormulaValue(value) : FormulaValue(FormulaError{}); }

/// Years 1700 to 4000, as the org's dates.
FormulaValue date_in_range(double days) {
  constexpr CivilDate kFirst{1700, 1, 1};
  constexpr CivilDate kLast{4000, 12, 31};
  const double whole = std::floor(days);
  if (!(whole >= static_cast<double>(days_from_civil(kFirst)) &&
        whole <= static_cast<double>(days_from_civil(kLast)))) {
    return FormulaError{};
  }
  return FormulaDate{static_cast<std::int64_t>(whole)};
}

FormulaValue shift(const FormulaValue& moment, double days) {
  if (const auto* date = std::get_if<FormulaDate>(&moment)) {
    return date_in_range(static_cast<double>(date->days) + std::trunc(days));
  }
  const FormulaMoment from = std::get<FormulaMoment>(moment);
  const FormulaValue day = date_in_range(*days_of(moment) + days);
  if (std::holds_alternative<FormulaError>(day)) return day;
  return FormulaMoment{from.ms + std::llround(days * static_cast<double>(kMsPerDay))};
}

FormulaValue add(const FormulaValue& a, const FormulaValue& b) {
  if (std::holds_alternative<std::string>(a) || std::holds_alternative<std::string>(b))
    return call_text_function(F::concatenate, std::array{a, b});
  if (is_blank(a) || is_blank(b)) return {};
  if (days_of(a)) return shift(a, *number_of(b));
  if (days_of(b)) return shift(b, *number_of(a));
  return finite(*number_of(a) + *number_of(b));
}

FormulaValue subtract(const FormulaValue& a, const FormulaValue& b) {
  if (is_blank(a) || is_blank(b)) return {};
  if (!days_of(a)) return finite(*number_of(a) - *number_of(b));
  return days_of(b) ? finite(*days_of(a) - *days_of(b)) : shift(a, -*number_of(b));
}

FormulaValue arithmetic(F function, const FormulaValue& left, const FormulaValue& right) {
  if (is_blank(left) || is_blank(right)) return {};
  const double a = *number_of(left);
  const double b = *number_of(right);
  switch (function) {
    case F::multiply:
      return finite(a * b);
    case F::divide:
      return b == 0 ? FormulaValue(FormulaError{}) : finite(a / b);
    case F::modulo:  // the result has the sign of the divisor
      return b == 0 ? FormulaValue(FormulaError{}) : finite(a - b * std::floor(a / b));
    default:
      return finite(std::pow(a, b));
  }
}

FormulaValue compare(F function, const FormulaValue& a, const FormulaValue& b) {
  if (function == F::equal) return equal_values(a, b);
  if (function == F::not_equal) return !equal_values(a, b);
  int order = 0;
  if (std::holds_alternative<std::string>(a) || std::holds_alternative<std::string>(b)) {
    order = text_of(a).compare(text_of(b));
  } else {
    const auto x = days_of(a) ? days_of(a) : number_of(a);
    const auto y = days_of(b) ? days_of(b) : number_of(b);
    if (!x || !y) return false;
    order = *x < *y ? -1 : static_cast<int>(*x > *y);
  }
  switch (function) {
    case F::less:
      return order < 0;
    case F::less_or_equal:
      return order <= 0;
    case F::greater:
      return order > 0;
    default:
      return order >= 0;
  }
}

FormulaValue extreme(F function, std::span<const FormulaValue> values) {
  std::optional<double> best;
  for (const FormulaValue& value : values) {
    const auto number = number_of(value);
    if (!number) return {};
    if (!best || (function == F::minimum ? *number < *best : *number > *best)) best = number;
  }
  return *best;
}

FormulaValue on_number(F function, const FormulaValue& value) {
  const auto number = number_of(value);
  if (!number) return {};
  switch (function) {
    case F::negate:
      return -*number;
    case F::floor:
      return std::floor(*number);
    case F::ceiling:
      return std::ceil(*number);
    case F::absolute:
      return std::abs(*number);
    default:
      return finite(std::sqrt(*number));
  }
}

FormulaValue on_date(F function, const FormulaValue& value) {
  const auto* date = std::get_if<FormulaDate>(&value);
  if (date == nullptr) return {};
  const CivilDate civil = civil_date(date->days);
  if (function == F::year) return static_cast<double>(civil.year);
  return static_cast<double>(function == F::month ? civil.month : civil.day);
}

FormulaValue make_date(std::span<const FormulaValue> values) {
  for (const FormulaValue& value : values) {
    if (is_blank(value)) return {};
  }
  const double year = std::trunc(*number_of(values[0]));
  const double month = std::trunc(*number_of(values[1]));
  const double day = std::trunc(*number_of(values[2]));
  if (!(year >= 1700 && year <= 4000 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return FormulaError{};
  const CivilDate civil{static_cast<std::int64_t>(year), static_cast<unsigned>(month), static_cast<unsigned>(day)};
  const std::int64_t days = days_from_civil(civil);
  if (civil_date(days).month != civil.month) return FormulaError{};
  return FormulaDate{days};
}

FormulaValue date_value(const FormulaValue& value) {
  if (is_blank(value) || std::holds_alternative<FormulaDate>(value)) return value;
  if (const auto* moment = std::get_if<FormulaMoment>(&value)) return FormulaDate{floor_days(moment->ms)};
  const auto days = parse_date(text_of(value));
  return days ? FormulaValue(FormulaDate{*days}) : FormulaValue(FormulaError{});
}

}  // namespace

const FormulaSignature* find_signature(std::string_view name) {
  // An operator's sign is no name, so it is never asked for here.
  const auto* found = std::ranges::find_if(kSignatures, [name](const auto& one) { return same_name(one.name, name); });
  return found == kSignatures.end() ? nullptr : found;
}

const FormulaSignature& signature_of(FormulaFunction function) {
  return kSignatures[static_cast<std::size_t>(function)];
}

bool is_operator(FormulaFunction function) { return function <= F::greater_or_equal; }

bool is_blank(const FormulaValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return value.index() == 0 || (text != nullptr && text->empty());
}

bool is_true(const FormulaValue& value) {
  const auto* flag = std::get_if<bool>(&value);
  return flag != nullptr && *flag;
}

bool equal_values(const FormulaValue& a, const FormulaValue& b) {
  if (is_blank(a) || is_blank(b)) return is_blank(a) && is_blank(b);
  if (days_of(a) && days_of(b)) return *days_of(a) == *days_of(b);
  if (number_of(a) && number_of(b)) return *number_of(a) == *number_of(b);
  if (a.index() != b.index()) return false;
  return std::holds_alternative<bool>(a) ? is_true(a) == is_true(b) : text_of(a) == text_of(b);
}

FormulaValue call_function(FormulaFunction function, std::span<const FormulaValue> arguments, std::int64_t now_ms) {
  switch (function) {
    case F::add:
      return add(arguments[0], arguments[1]);
    case F::subtract:
      return subtract(arguments[0], arguments[1]);
    case F::multiply:
    case F::divide:
    case F::power:
    case F::modulo:
      return arithmetic(function, arguments[0], arguments[1]);
    case F::equal:
    case F::not_equal:
    case F::less:
    case F::less_or_equal:
    case F::greater:
    case F::greater_or_equal:
      return compare(function, arguments[0], arguments[1]);
    case F::minimum:
    case F::maximum:
      return extreme(function, arguments);
    case F::negate:
    case F::floor:
    case F::ceiling:
    case F::absolute:
    case F::square_root:
      return on_number(function, arguments[0]);
    case F::logical_not:
      return !is_true(arguments[0]);
    case F::is_blank:
      return is_blank(arguments[0]);
    case F::today:
      return FormulaDate{floor_days(now_ms)};
    case F::now:
      return FormulaMoment{now_ms};
    case F::year:
    case F::month:
    case F::day:
      return on_date(function, arguments[0]);
    case F::date:
      return make_date(arguments);
    case F::date_value:
      return date_value(arguments[0]);
    default:
      return call_text_function(function, arguments);
  }
}

}  // namespace orgsim
