#include "codec/avro_decoder.h"

#include <bit>
#include <cstring>
#include <limits>

namespace duet::codec {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxValues = 200'000;

/// Reads forward through a payload; the first fault sticks and names itself.
class Reader {
 public:
  explicit Reader(std::string_view payload) : rest_(payload) {}

  bool value(const AvroType& type, AvroValue& out, int depth) {
    if (depth > kMaxDepth) return fault("nested too deep");
    if (++values_ > kMaxValues) return fault("too many values");
    out.type = &type;
    switch (type.kind) {
      case AvroKind::null:
        return true;
      case AvroKind::boolean:
        return boolean(out);
      case AvroKind::integer:
        return whole(out, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
      case AvroKind::long_integer:
        return whole(out, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
      case AvroKind::enumeration:
        return whole(out, 0, static_cast<std::int64_t>(type.symbols.size()) - 1);
      case AvroKind::float_number:
        return number<float, std::uint32_t>(out);
      case AvroKind::double_number:
        return number<double, std::uint64_t>(out);
      case AvroKind::bytes:
      case AvroKind::string:
        return text(out);
      case AvroKind::array:
        return array(type, out, depth);
      case AvroKind::record:
        return record(type, out, depth);
      case AvroKind::union_of: {
        std::int64_t branch;
        if (!zigzag(branch)) return false;
        if (branch < 0 || branch >= static_cast<std::int64_t>(type.branches.size()))
          return fault("no such branch of a union");
        return value(*type.branches[static_cast<std::size_t>(branch)], out, depth + 1);
      }
    }
    return fault("unknown type");
  }

  bool at_end() const { return rest_.empty(); }
  const char* what() const { return fault_; }

 private:
  bool fault(const char* what) {
    fault_ = what;
    return false;
  }

  bool zigzag(std::int64_t& out) {
    std::uint64_t bits = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return fault("ends within a number");
      auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      bits |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        out = static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
        return true;
      }
    }
    return fault("a number of more than 64 bits");
  }

  bool boolean(AvroValue& out) {
    if (rest_.empty()) return fault("ends within a boolean");
    char byte = rest_.front();
    if (byte != 0 && byte != 1) return fault("a boolean that is neither");
    rest_.remove_prefix(1);
    out.data = byte == 1;
    return true;
  }

  bool whole(AvroValue& out, std::int64_t low, std::int64_t high) {
    std::int64_t number;
    if (!zigzag(number)) return false;
    if (number < low || number > high) return fault("a number out of its range");
    out.data = number;
    return true;
  }

  template <class Float, class Bits>
  bool number(AvroValue& out) {
    static_assert(std::endian::native == std::endian::little, "Avro's floats are little-endian");
    if (rest_.size() < sizeof(Bits)) return fault("ends within a float");
    Bits bits;
    std::memcpy(&bits, rest_.data(), sizeof(Bits));
    rest_.remove_prefix(sizeof(Bits));
    out.data = static_cast<double>(std::bit_cast<Float>(bits));
    return true;
  }

  bool text(AvroValue& out) {
    std::int64_t length;
    if (!zigzag(length)) return false;
    if (length < 0 || static_cast<std::uint64_t>(length) > rest_.size()) return fault("a text longer than the payload");
    out.data = rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(static_cast<std::size_t>(length));
    return true;
  }

  bool record(const AvroType& type, AvroValue& out, int depth) {
    auto& fields = out.data.emplace<std::vector<AvroValue>>();
    // Every record may be empty on the wire, so that only the count of values bounds a schema full of them.
    if (values_ + type.fields.size() > kMaxValues) return fault("too many values");
    fields.resize(type.fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!value(*type.fields[i].type, fields[i], depth + 1)) return false;
    }
    return true;
  }

  bool array(const AvroType& type, AvroValue& out, int depth) {
    auto& items = out.data.emplace<std::vector<AvroValue>>();
    for (;;) {
      std::int64_t count;
      if (!zigzag(count)) return false;
      if (count == 0) return true;
      if (count < 0) {
        std::int64_t bytes;
        if (!zigzag(bytes)) return false;
        if (count == std::numeric_limits<std::int64_t>::min()) return fault("a block of an array is too long");
        count = -count;
      }
      if (count > static_cast<std::int64_t>(kMaxValues - values_)) return fault("a block of an array is too long");
      for (std::int64_t i = 0; i < count; ++i) {
        if (!value(*type.items, items.emplace_back(), depth + 1)) return false;
      }
    }
  }

  std::string_view rest_;
  std::size_t values_ = 0;
  const char* fault_ = "";
};

}  // namespace

const std::vector<AvroValue>& AvroValue::items() const {
  static const std::vector<AvroValue> none;
  auto* items = std::get_if<std::vector<AvroValue>>(&data);
  return items ? *items : none;
}

std::string_view AvroValue::text() const {
  auto* text = std::get_if<std::string_view>(&data);
  return text ? *text : std::string_view();
}

std::int64_t AvroValue::integer() const {
  auto* number = std::get_if<std::int64_t>(&data);
  return number ? *number : 0;
}

Result<AvroValue> decode_avro(const AvroType& type, std::string_view payload) {
  Reader reader(payload);
  AvroValue value;
  if (!reader.value(type, value, 0))
    return fail(ErrorKind::bad_data, "The event cannot be decoded", "AVRO", reader.what());
  if (!reader.at_end()) return fail(ErrorKind::bad_data, "The event cannot be decoded", "AVRO", "bytes are left over");
  return value;
}

}  // namespace duet::codec
