#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/avro_schema.h"

namespace duet::codec {

/// A decoded datum. Texts point into the payload. Unions are resolved: `type` is the branch that was taken.
struct AvroValue {
  /// null · boolean · int, long, enum position · float, double · string, bytes · array items, record fields
  std::variant<std::monostate, bool, std::int64_t, double, std::string_view, std::vector<AvroValue>> data;
  const AvroType* type = nullptr;

  bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  /// Items of an array or fields of a record; empty for everything else.
  const std::vector<AvroValue>& items() const;
  /// The text, or empty for everything else.
  std::string_view text() const;
  /// The whole number, or 0 for everything else.
  std::int64_t integer() const;
};

/// Decodes one datum that fills the payload exactly. Hostile input is `bad_data`: nothing is allocated beyond what the
/// payload can hold, depth (16) and number of values (200,000) are bounded.
Result<AvroValue> decode_avro(const AvroType& type, std::string_view payload);

}  // namespace duet::codec
