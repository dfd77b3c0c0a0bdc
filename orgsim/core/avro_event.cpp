#include "orgsim/core/avro_event.h"

#include <avro.h>
#include <fmt/format.h>

#include <map>
#include <set>
#include <unordered_map>

#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

constexpr std::size_t kMaxCachedSchemas = 256;

/// avro-c's class of values of one schema; made once per schema and thread, because parsing costs more than encoding.
class ValueClass {
 public:
  explicit ValueClass(const std::string& json) {
    avro_schema_t schema = nullptr;
    if (avro_schema_from_json_length(json.data(), json.size(), &schema) != 0) return;
    iface_ = avro_generic_class_from_schema(schema);
    avro_schema_decref(schema);
  }
  ~ValueClass() {
    if (iface_ != nullptr) avro_value_iface_decref(iface_);
  }
  ValueClass(ValueClass&& other) noexcept : iface_(std::exchange(other.iface_, nullptr)) {}
  ValueClass& operator=(ValueClass&&) = delete;
  [[nodiscard]] avro_value_iface_t* get() const { return iface_; }

 private:
  avro_value_iface_t* iface_ = nullptr;
};

avro_value_iface_t* class_of(const EventSchema& schema) {
  thread_local std::unordered_map<std::string, ValueClass> cache;
  if (const auto found = cache.find(schema.id); found != cache.end()) return found->second.get();
  if (cache.size() >= kMaxCachedSchemas) cache.clear();
  return cache.emplace(schema.id, ValueClass(schema.json)).first->second.get();
}

avro_value_t member(const avro_value_t& record, std::size_t index) {
  avro_value_t value;
  avro_value_get_by_index(&record, index, &value, nullptr);
  return value;
}

void set_text(const avro_value_t& record, std::size_t index, const std::string& text) {
  avro_value_t value = member(record, index);
  avro_value_set_string_len(&value, text.c_str(), text.size() + 1);
}

void set_list(const avro_value_t& record, std::size_t index, const std::vector<std::string>& texts) {
  avro_value_t list = member(record, index);
  for (const std::string& text : texts) {
    avro_value_t item;
    avro_value_append(&list, &item, nullptr);
    avro_value_set_string_len(&item, text.c_str(), text.size() + 1);
  }
}

void set_long(const avro_value_t& record, std::size_t index, std::int64_t number) {
  avro_value_t value = member(record, index);
  avro_value_set_long(&value, number);
}

/// Sets a ["null", T] member; a null value takes branch 0.
void set_nullable(const avro_value_t& record, std::size_t index, FieldType type, const Value& value) {
  avro_value_t field = member(record, index);
  avro_value_t branch;
  avro_value_set_branch(&field, is_null(value) ? 0 : 1, &branch);
  if (const auto* text = std::get_if<std::string>(&value)) {
    avro_value_set_string_len(&branch, text->c_str(), text->size() + 1);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    avro_value_set_boolean(&branch, *flag ? 1 : 0);
  } else if (const auto* number = std::get_if<double>(&value)) {
    avro_value_set_double(&branch, *number);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (type == FieldType::int_) {
      avro_value_set_int(&branch, static_cast<std::int32_t>(*integer));
    } else {
      avro_value_set_long(&branch, type == FieldType::date ? *integer * kMsPerDay : *integer);
    }
  } else {
    avro_value_set_null(&branch);
  }
}

void write_header(const avro_value_t& record, const ChangeEvent& event) {
  const avro_value_t header = member(record, 0);
  set_text(header, 0, event.entity);
  set_list(header, 1, event.record_ids);
  avro_value_t type = member(header, 2);
  avro_value_set_enum(&type, static_cast<int>(event.type));
  set_text(header, 3, event.change_origin);
  set_text(header, 4, event.transaction_key);
  avro_value_t sequence = member(header, 5);
  avro_value_set_int(&sequence, event.sequence_number);
  set_long(header, 6, event.commit_ms);
  set_long(header, 7, static_cast<std::int64_t>(event.commit_number));
  set_text(header, 8, event.commit_user);
  set_list(header, 9, field_bitmaps(*event.schema, event.nulled_fields));
  set_list(header, 10, field_bitmaps(*event.schema, event.diff_fields));
  set_list(header, 11, field_bitmaps(*event.schema, event.changed_fields));
}

void write_fields(const avro_value_t& record, const ChangeEvent& event) {
  const EventSchema& schema = *event.schema;
  std::vector<std::vector<const Value*>> parts(schema.fields.size());
  std::vector<const Value*> plain(schema.fields.size());
  for (const EventField& field : event.fields) {
    const auto found = schema.positions.find(field.name);
    if (found == schema.positions.end() || is_null(field.value)) continue;
    const auto at = static_cast<std::size_t>(found->second.first) - 1;
    if (found->second.second < 0) {
      plain[at] = &field.value;
      continue;
    }
    parts[at].resize(schema.fields[at].parts.size());
    parts[at][static_cast<std::size_t>(found->second.second)] = &field.value;
  }
  const Value null;
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const EventSchemaField& field = schema.fields[i];
    if (field.parts.empty()) {
      set_nullable(record, i + 1, field.type, plain[i] != nullptr ? *plain[i] : null);
      continue;
    }
    avro_value_t compound = member(record, i + 1);
    avro_value_t branch;
    // A compound none of whose parts has a value is null as a whole; the bitmaps still tell which parts were cleared.
    avro_value_set_branch(&compound, parts[i].empty() ? 0 : 1, &branch);
    if (parts[i].empty()) {
      avro_value_set_null(&branch);
      continue;
    }
    for (std::size_t part = 0; part < field.parts.size(); ++part) {
      set_nullable(branch, part, field.parts[part].type, parts[i][part] != nullptr ? *parts[i][part] : null);
    }
  }
}

std::string hex_bitmap(const std::set<int>& bits) {
  std::vector<unsigned> bytes(bits.empty() ? 1 : static_cast<std::size_t>(*bits.rbegin()) / 8 + 1);
  for (const int bit : bits) bytes[static_cast<std::size_t>(bit) / 8] |= 1U << (bit % 8);
  std::string text = "0x";
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) text += fmt::format("{:02X}", *byte);
  return text;
}

}  // namespace

std::vector<std::uint8_t> encode_avro(const ChangeEvent& event) {
  if (event.schema->platform_event) return {event.payload.begin(), event.payload.end()};
  avro_value_iface_t* iface = class_of(*event.schema);
  if (iface == nullptr) return {};
  avro_value_t record;
  avro_generic_value_new(iface, &record);
  write_header(record, event);
  write_fields(record, event);
  std::size_t size = 0;
  avro_value_sizeof(&record, &size);
  std::vector<std::uint8_t> bytes(size);
  avro_writer_t writer =
      avro_writer_memory(reinterpret_cast<const char*>(bytes.data()), static_cast<std::int64_t>(size));
  avro_value_write(writer, &record);
  avro_writer_free(writer);
  avro_value_decref(&record);
  return bytes;
}

std::vector<std::string> field_bitmaps(const EventSchema& schema, const std::vector<std::string>& names) {
  std::set<int> top;
  std::map<int, std::set<int>> nested;
  for (const std::string& name : names) {
    const auto found = schema.positions.find(name);
    if (found == schema.positions.end()) continue;
    if (found->second.second < 0) {
      top.insert(found->second.first);
    } else {
      nested[found->second.first].insert(found->second.second);
    }
  }
  std::vector<std::string> bitmaps;
  if (!top.empty()) bitmaps.push_back(hex_bitmap(top));
  for (const auto& [parent, bits] : nested) bitmaps.push_back(fmt::format("{}-{}", parent, hex_bitmap(bits)));
  return bitmaps;
}

std::string replay_id_bytes(std::uint64_t replay_id) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[7 - i] = static_cast<char>(replay_id >> (8 * i));
  return bytes;
}

}  // namespace orgsim
