#pragma once

#include "model/mapping.h"

namespace duet {

/// Whether a field of this type can have the policy: merge functions are for some types only.
bool fits(ConflictPolicy policy, FieldType type);

/// The types that a merge function is for, in words: `numbers, dates and times`.
std::string_view fitting_types(ConflictPolicy policy);

}  // namespace duet
