#pragma once

#include "orgsim/core/error.h"
#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// A caller's value in the org's stored form: text trimmed and with LF only, '' as null, numbers rounded half up to
/// scale, date-times in whole seconds, ids in 18 characters, multi-select entries in picklist order. Errors (spec §5):
/// wrong type, too long, out of range, bad e-mail address, value outside a restricted picklist, malformed id.
/// `csv` words a type error as Bulk does. Whether a reference's target exists is not looked at here.
[[nodiscard]] Outcome<Value> stored_value(const FieldDef& field, const Value& input, bool csv = false);

/// Length in UTF-16 code units, which is how the org counts text.
[[nodiscard]] std::size_t utf16_length(std::string_view text);

/// `value` rounded half up (away from zero) to `scale` decimals, as its shortest decimal form would be.
[[nodiscard]] double round_to_scale(double value, int scale);

}  // namespace orgsim
