#include "orgsim/core/packed_row.h"

#include <cstring>

#include "orgsim/core/ids.h"

namespace orgsim {

namespace {

enum Kind : unsigned { kFalse, kTrue, kInteger, kDouble, kText, kOwnId, kNull };

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::uint64_t read_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; !bytes.empty() && shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

}  // namespace

void RowWriter::clear() {
  bytes_.clear();
  last_ = -1;
}

void RowWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

void RowWriter::tag(std::uint16_t index, unsigned kind) {
  varint((static_cast<std::uint64_t>(static_cast<int>(index) - last_) << 3) | kind);
  last_ = index;
}

void RowWriter::put(const FieldDef& field, const CellView& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) {
    tag(field.index, *flag ? kTrue : kFalse);
  } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    tag(field.index, kInteger);
    varint(zigzag(*integer));
  } else if (const auto* number = std::get_if<double>(&cell)) {
    tag(field.index, kDouble);
    std::array<char, sizeof(double)> raw{};
    std::memcpy(raw.data(), number, raw.size());
    bytes_.append(raw.data(), raw.size());
  } else if (const auto* text = std::get_if<std::string_view>(&cell)) {
    if (field.type == FieldType::reference && text->size() == 18) {
      if (const auto counter = id_counter(*text)) return put_own_id(field.index, text->substr(0, 3), *counter);
    }
    tag(field.index, kText);
    varint(text->size());
    bytes_.append(*text);
  }
}

void RowWriter::put_null(std::uint16_t index) { tag(index, kNull); }

void RowWriter::put_own_id(std::uint16_t index, std::string_view key_prefix, std::uint64_t counter) {
  tag(index, kOwnId);
  bytes_.append(key_prefix.substr(0, 3));
  varint(counter);
}

bool RowReader::next() {
  if (rest_.empty()) return false;
  const std::uint64_t tag = read_varint(rest_);
  index_ += static_cast<int>(tag >> 3);
  kind_ = static_cast<unsigned>(tag & 7);
  std::string_view at = rest_;
  switch (kind_) {
    case kInteger:
      read_varint(at);
      break;
    case kDouble:
      at.remove_prefix(sizeof(double));
      break;
    case kText: {
      const std::uint64_t size = read_varint(at);
      at.remove_prefix(size);
      break;
    }
    case kOwnId:
      at.remove_prefix(3);
      read_varint(at);
      break;
    default:
      break;
  }
  raw_ = rest_.substr(0, rest_.size() - at.size());
  rest_ = at;
  return true;
}

bool RowReader::null() const { return kind_ == kNull; }

CellView RowReader::cell(IdBuffer& id) const {
  std::string_view at = raw_;
  switch (kind_) {
    case kFalse:
      return false;
    case kTrue:
      return true;
    case kInteger:
      return unzigzag(read_varint(at));
    case kDouble: {
      double number = 0;
      std::memcpy(&number, at.data(), sizeof number);
      return number;
    }
    case kText:
      read_varint(at);
      return at;
    case kOwnId: {
      const char* prefix = at.data();
      at.remove_prefix(3);
      write_id(prefix, read_varint(at), id.data());
      return std::string_view(id.data(), id.size());
    }
    default:
      return {};
  }
}

CellView find_cell(std::string_view packed, std::uint16_t index, IdBuffer& id) {
  RowReader reader(packed);
  while (reader.next() && reader.index() <= index) {
    if (reader.index() == index) return reader.cell(id);
  }
  return {};
}

void unpack(std::string_view packed, const ObjectDef& object, std::vector<Value>& values) {
  values.assign(object.fields.size(), Value{});
  for (const FieldDef& field : object.fields) {
    if (field.type == FieldType::boolean) values[field.index] = field.default_boolean();
  }
  RowReader reader(packed);
  IdBuffer id;
  while (reader.next() && reader.index() < values.size()) values[reader.index()] = to_value(reader.cell(id));
}

std::string pack(const ObjectDef& object, const std::vector<Value>& values) {
  RowWriter writer;
  for (std::size_t i = 0; i < values.size(); ++i) writer.put(object.fields[i], to_view(values[i]));
  return writer.bytes();
}

std::string apply_old_cells(std::string_view packed, std::string_view old_cells) {
  RowWriter out;
  const auto copy = [&out](const RowReader& from) {
    if (from.null()) return;
    out.tag(from.index(), from.kind());
    out.bytes_.append(from.raw());
  };
  RowReader now(packed);
  RowReader before(old_cells);
  bool more_now = now.next();
  bool more_before = before.next();
  while (more_now || more_before) {
    if (more_now && (!more_before || now.index() < before.index())) {
      copy(now);
      more_now = now.next();
      continue;
    }
    if (more_now && now.index() == before.index()) more_now = now.next();
    copy(before);
    more_before = before.next();
  }
  return out.bytes();
}

}  // namespace orgsim
