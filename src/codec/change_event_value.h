#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/avro_decoder.h"
#include "model/schema.h"
#include "model/value.h"

namespace duet::codec {

/// A field's value as events carry it: dates and times as milliseconds, texts as UTF-8, the empty text as null. Nothing
/// when the event's type does not fit the field's.
std::optional<Value> value_from_avro(const AvroValue& value, FieldType type);

/// A text from the org as the engine stores it: empty is Null, NUL bytes (which PostgreSQL cannot hold) are left out.
Value text_value(std::string_view text);

/// 18 characters out of 15 or 18; empty when the text is no record id, a wildcard (`001*`) or the empty id.
std::string record_id_18(std::string_view id);

}  // namespace duet::codec
