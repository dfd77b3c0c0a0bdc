#include "orgsim/core/platform_event.h"

#include <bit>
#include <cstring>
#include <optional>

#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

constexpr unsigned kDoubleBytes = 8;

/// How a field's value is written: the Avro type under the field's.
enum class Wire : std::uint8_t { boolean, integer, real, text };

Wire wire_of(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return Wire::boolean;
    case FieldType::int_:
    case FieldType::long_:
    case FieldType::date:
    case FieldType::datetime:
    case FieldType::time:
      return Wire::integer;
    case FieldType::double_:
    case FieldType::currency:
    case FieldType::percent:
      return Wire::real;
    default:
      return Wire::text;
  }
}

void put_long(std::string& out, std::int64_t number) {
  auto rest = static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
  for (; rest > 0x7F; rest >>= 7) out.push_back(static_cast<char>(rest | 0x80));
  out.push_back(static_cast<char>(rest));
}

void put_value(std::string& out, FieldType type, const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    out.push_back(*flag ? 1 : 0);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    put_long(out, type == FieldType::date ? *integer * kMsPerDay : *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    const auto bits = std::bit_cast<std::uint64_t>(*real);
    for (unsigned byte = 0; byte < kDoubleBytes; ++byte) out.push_back(static_cast<char>(bits >> (8 * byte)));
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    put_long(out, static_cast<std::int64_t>(text->size()));
    out += *text;
  } else {
    // Only the two fields that are never null come here without a value.
    put_long(out, 0);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  std::optional<std::int64_t> take_long() {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = take_byte();
      if (!byte) return std::nullopt;
      bits |= static_cast<std::uint64_t>(*byte & 0x7F) << shift;
      if ((*byte & 0x80) == 0) return static_cast<std::int64_t>(bits >> 1 ^ (~(bits & 1) + 1));
    }
    return std::nullopt;
  }

  std::optional<Value> take(FieldType type) {
    switch (wire_of(type)) {
      case Wire::boolean: {
        const auto byte = take_byte();
        return byte && *byte <= 1 ? std::optional<Value>(*byte == 1) : std::nullopt;
      }
      case Wire::integer: {
        const auto number = take_long();
        if (!number) return std::nullopt;
        if (type != FieldType::date) return Value{*number};
        const std::int64_t days = *number / kMsPerDay - (*number % kMsPerDay < 0 ? 1 : 0);
        return Value{days};
      }
      case Wire::real: {
        if (rest_.size() < kDoubleBytes) return std::nullopt;
        std::uint64_t bits = 0;
        for (unsigned byte = 0; byte < kDoubleBytes; ++byte) {
          bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[byte])) << (8 * byte);
        }
        rest_.remove_prefix(kDoubleBytes);
        return Value{std::bit_cast<double>(bits)};
      }
      case Wire::text: {
        const auto size = take_long();
        if (!size || *size < 0 || static_cast<std::uint64_t>(*size) > rest_.size()) return std::nullopt;
        const std::string_view text = rest_.substr(0, static_cast<std::size_t>(*size));
        rest_.remove_prefix(text.size());
        return is_utf8(text) ? std::optional<Value>(std::string(text)) : std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<unsigned char> take_byte() {
    if (rest_.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }

  std::string_view rest_;
};

}  // namespace

std::string encode_platform_event(const ObjectDef& object, const EventSchema& schema,
                                  const std::vector<Value>& values) {
  std::string out;
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const EventSchemaField& field = schema.fields[i];
    const FieldDef* source = object.field(field.name);
    const Value& value = source != nullptr ? values[source->index] : Value{};
    if (i >= kEventSystemFields) {
      put_long(out, is_null(value) ? 0 : 1);
      if (is_null(value)) continue;
    }
    put_value(out, field.type, value);
  }
  return out;
}

Outcome<std::vector<EventField>> decode_platform_event(const EventSchema& schema, std::string_view payload) {
  const auto wrong = [](std::string_view what) {
    return fail("INVALID_EVENT_PAYLOAD", "The payload does not match the event's schema: " + std::string(what));
  };
  std::vector<EventField> fields;
  Reader reader(payload);
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const EventSchemaField& field = schema.fields[i];
    if (i >= kEventSystemFields) {
      const auto branch = reader.take_long();
      if (!branch || *branch < 0 || *branch > 1) return wrong(field.name);
      if (*branch == 0) {
        fields.push_back({field.name, Value{}});
        continue;
      }
    }
    auto value = reader.take(field.type);
    if (!value) return wrong(field.name);
    fields.push_back({field.name, *std::move(value)});
  }
  if (!reader.at_end()) return wrong("there are bytes behind the last field");
  return fields;
}

}  // namespace orgsim
