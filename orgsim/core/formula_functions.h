#pragma once

#include <span>
#include <string_view>

#include "orgsim/core/formula.h"

namespace orgsim {

enum class FormulaFunction : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  power,
  concatenate,
  negate,
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  // From here on lazy: arguments are evaluated only as needed.
  logical_and,
  logical_or,
  choose_if,
  choose_case,
  blank_value,
  // And the rest eager again.
  logical_not,
  is_blank,
  is_number,
  is_picklist_value,
  text,
  length,
  upper,
  lower,
  trim,
  left,
  right,
  middle,
  contains,
  begins,
  find,
  substitute,
  line_break,
  value,
  round,
  floor,
  ceiling,
  absolute,
  square_root,
  modulo,
  minimum,
  maximum,
  today,
  now,
  year,
  month,
  day,
  date,
  date_value,
};

/// What a function takes and gives. A letter stands for each argument, the last one for all that follow it: b boolean,
/// n number, s text, d date, m date or date-time, p picklist, a anything, x what TEXT takes, v what DATEVALUE takes;
/// `result` is one of b n s d t, or 0 when it depends on the arguments.
struct FormulaSignature {
  std::string_view name;
  FormulaFunction function;
  std::string_view arguments;
  std::size_t fewest = 0;
  std::size_t most = 0;
  char result = 0;
};

/// By name in any letter case, or nothing. Operators are not found by a name.
[[nodiscard]] const FormulaSignature* find_signature(std::string_view name);
[[nodiscard]] const FormulaSignature& signature_of(FormulaFunction function);
[[nodiscard]] bool is_operator(FormulaFunction function);

[[nodiscard]] bool is_blank(const FormulaValue& value);
[[nodiscard]] bool is_true(const FormulaValue& value);
/// As formulas compare: text by its bytes, blank equal to blank only.
[[nodiscard]] bool equal_values(const FormulaValue& a, const FormulaValue& b);

/// An eager function on values of the kinds that the check has let through.
[[nodiscard]] FormulaValue call_function(FormulaFunction function, std::span<const FormulaValue> arguments,
                                         std::int64_t now_ms);

}  // namespace orgsim
