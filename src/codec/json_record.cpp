#include "codec/json_record.h"

#include <cmath>
#include <unordered_map>

#include <simdjson.h>

#include "codec/change_event_value.h"

namespace duet::codec {
namespace {

using simdjson::dom::element;

constexpr std::size_t kMaxRecords = 2'000;

std::unexpected<Error> bad(std::string detail) {
  return fail(ErrorKind::bad_data, "Salesforce's answer cannot be read", "JSON", std::move(detail));
}

Result<Value> number_from_json(element json, FieldType type) {
  double number;
  if (json.get(number)) return bad("not a number");
  if (type != FieldType::integer) return number;
  if (std::trunc(number) != number || std::abs(number) > 9e15) return bad("not a whole number");
  return static_cast<std::int64_t>(number);
}

Result<Value> value_from_json(element json, FieldType type) {
  if (json.is_null()) return Null{};
  switch (type) {
    case FieldType::boolean: {
      bool flag;
      if (json.get(flag)) return bad("not a boolean");
      return flag;
    }
    case FieldType::integer:
    case FieldType::double_number:
    case FieldType::currency:
    case FieldType::percent:
      return number_from_json(json, type);
    default:
      break;
  }
  std::string_view text;
  if (json.get(text)) {
    if (type == FieldType::any) return Value(simdjson::minify(json));
    return bad("not a text");
  }
  switch (type) {
    case FieldType::date:
      return Date{DUET_TRY(parse_date(text))};
    case FieldType::datetime:
      return DateTime{DUET_TRY(parse_timestamp(text))};
    case FieldType::time:
      return TimeOfDay{DUET_TRY(parse_time_of_day(text))};
    default:
      return text_value(text);
  }
}

}  // namespace

class JsonRecordReader::Impl {
 public:
  Result<element> parse(std::string_view body) {
    element document;
    if (auto error = parser_.parse(body.data(), body.size()).get(document)) return bad(simdjson::error_message(error));
    return document;
  }

  void use(const Mapping& mapping) {
    fields_.clear();
    parents_.clear();
    for (const MappedField& field : mapping.fields) {
      fields_.emplace(field.schema.name, &field);
      if (field.parent) parents_.emplace(field.parent->relationship, &field);
    }
  }

  Result<RecordRead> record(element json) {
    simdjson::dom::object members;
    if (json.get(members)) return bad("a record that is no object");
    RecordRead read;
    for (auto [name, value] : members) {
      DUET_TRY(own_member(name, value, read));
      if (!parents_.empty()) DUET_TRY(parent_keys(name, value, read));
      auto field = fields_.find(name);
      if (field == fields_.end() || name == "Id") continue;
      Result<Value> converted = value_from_json(value, field->second->schema.type);
      if (!converted) return bad("field " + std::string(name) + ": " + converted.error().detail);
      read.fields.insert_or_assign(field->second->schema.name, std::move(*converted));
    }
    if (read.sfid.empty()) return bad("a record without Id");
    return read;
  }

 private:
  /// `"Account":{"Ext__c":"A-1"}`, or null where the record has no parent.
  Result<void> parent_keys(std::string_view name, element parent, RecordRead& read) const {
    for (auto [field, end] = parents_.equal_range(name); field != end; ++field) {
      const FieldSchema& schema = field->second->schema;
      element key;
      if (parent.is_null() || parent[field->second->parent->key_field].get(key)) {
        read.fields.insert_or_assign(schema.name, Value(Null{}));
        continue;
      }
      Result<Value> converted = value_from_json(key, schema.type);
      if (!converted) return bad("field " + schema.name + ": " + converted.error().detail);
      read.fields.insert_or_assign(schema.name, std::move(*converted));
    }
    return {};
  }

  static Result<void> own_member(std::string_view name, element value, RecordRead& read) {
    std::string_view text;
    if (name == "Id") {
      if (value.get(text)) return bad("an Id that is no text");
      read.sfid = record_id_18(text);
    } else if (name == "IsDeleted") {
      bool deleted;
      if (!value.get(deleted)) read.deleted = deleted;
    } else if (name == "SystemModstamp") {
      if (!value.get(text)) read.stamp = DUET_TRY(parse_timestamp(text));
    } else if (name == "LastModifiedById") {
      if (!value.get(text)) read.actor = text;
    }
    return {};
  }

  simdjson::dom::parser parser_;
  std::unordered_map<std::string_view, const MappedField*> fields_;
  std::unordered_multimap<std::string_view, const MappedField*> parents_;  ///< by relationship
};

JsonRecordReader::JsonRecordReader() : impl_(std::make_unique<Impl>()) {}
JsonRecordReader::~JsonRecordReader() = default;

Result<QueryPage> JsonRecordReader::query_page(std::string_view body, const Mapping& mapping) {
  element document = DUET_TRY(impl_->parse(body));
  impl_->use(mapping);
  QueryPage page;
  simdjson::dom::array records;
  std::int64_t total = 0;
  if (document["records"].get(records) || document["done"].get(page.done)) return bad("no query result");
  if (!document["totalSize"].get(total)) page.total_size = static_cast<long>(total);
  if (records.size() > kMaxRecords) return bad("more than 2,000 records in a page");
  page.records.reserve(records.size());
  for (element json : records) page.records.push_back(DUET_TRY(impl_->record(json)));
  std::string_view next;
  if (!page.done && !document["nextRecordsUrl"].get(next)) {
    if (!next.starts_with("/services/data/")) return bad("nextRecordsUrl is no path");
    page.next_path = next;
  }
  return page;
}

Result<std::vector<RecordRead>> JsonRecordReader::retrieved(std::string_view body, const Mapping& mapping,
                                                            std::span<const std::string> sfids) {
  element document = DUET_TRY(impl_->parse(body));
  impl_->use(mapping);
  simdjson::dom::array records;
  if (document.get(records)) return bad("no list of records");
  if (records.size() > kMaxRecords) return bad("more than 2,000 records in an answer");
  std::unordered_map<std::string, RecordRead> found;
  for (element json : records) {
    if (json.is_null()) continue;
    RecordRead read = DUET_TRY(impl_->record(json));
    std::string sfid = read.sfid;
    found.insert_or_assign(std::move(sfid), std::move(read));
  }
  std::vector<RecordRead> result;
  result.reserve(sfids.size());
  for (const std::string& sfid : sfids) {
    auto read = found.find(record_id_18(sfid));
    if (read == found.end()) {
      RecordRead gone;
      gone.sfid = sfid;
      gone.deleted = true;
      result.push_back(std::move(gone));
    } else {
      result.push_back(read->second);
    }
  }
  return result;
}

}  // namespace duet::codec
