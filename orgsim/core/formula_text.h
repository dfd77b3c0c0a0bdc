#pragma once

#include <span>

#include "orgsim/core/formula_functions.h"

namespace orgsim {

/// The functions that take or make text. Lengths and places count UTF-16 code units; a pair is never cut. A text of
/// more than 65,536 bytes is an error.
[[nodiscard]] FormulaValue call_text_function(FormulaFunction function, std::span<const FormulaValue> arguments);

}  // namespace orgsim
