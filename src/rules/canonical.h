#pragma once

#include <string>
#include <string_view>

#include "model/schema.h"
#include "model/value.h"

namespace duet::rules {

/// The value as the org would store it: trimmed, LF line ends, scaled, whole seconds, multi-picklist in set order,
/// empty text as null. Absent stays absent.
Value canonical(const FieldSchema& field, const Value& value);

/// Equal in the org's stored form (design §5). An absent value equals nothing, not even another absent one.
bool equal(const FieldSchema& field, const Value& a, const Value& b);

/// External ids as the org compares them: case counts only where the field says so.
bool same_key(const FieldSchema& field, std::string_view a, std::string_view b);

/// The text of an external id value; empty when it has none.
std::string key_text(const Value& value);

}  // namespace duet::rules
