#pragma once

#include <cstdint>
#include <string>

#include "orgsim/core/random.h"
#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// A plausible value of the field in stored form, never null, within its length, precision and picklist. References and
/// unique fields are the caller's matter. `today` is the org's date in days.
[[nodiscard]] Value plausible_value(const FieldDef& field, Random& random, std::int64_t today);

/// A text that no other row of the object has: made from the row's number, at most `length` characters.
[[nodiscard]] std::string unique_text(const FieldDef& field, std::uint64_t number);

}  // namespace orgsim
