#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/time.h"
#include "model/value.h"

namespace duet::runtime {

// What the JSON of every surface has in common. Keys keep their order.

/// A value as JSON has it: dates and times as text. An absent one is null: leave it out instead.
nlohmann::ordered_json plain_json(const Value& value);
nlohmann::ordered_json plain_json(const FieldValues& values);
nlohmann::ordered_json text_or_null(const std::string& text);
/// RFC 3339, null for 0.
nlohmann::ordered_json time_or_null(TimeMs time);

/// Two spaces, a line end; bytes that are not UTF-8 are replaced.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace duet::runtime
