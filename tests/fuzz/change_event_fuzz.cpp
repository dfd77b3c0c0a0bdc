// Any bytes as a change event's Avro payload under a fixed schema, or "schema NUL payload": always an event, and one
// that the spool keeps as it is.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/change_event.h"
#include "codec/event_json.h"

namespace {

using namespace duet;

constexpr std::string_view kSchema =
    R"({"name":"AccountChangeEvent","namespace":"com.sforce.eventbus","type":"record","fields":[{"name":"ChangeEventHeader","type":{"type":"record","name":"ChangeEventHeader","fields":[
{"name":"entityName","type":"string"},{"name":"recordIds","type":{"type":"array","items":"string"}},
{"name":"changeType","type":{"type":"enum","name":"ChangeType","symbols":["CREATE","UPDATE","DELETE","UNDELETE","GAP_CREATE","GAP_UPDATE","GAP_DELETE","GAP_UNDELETE","GAP_OVERFLOW","SNAPSHOT"]}},
{"name":"changeOrigin","type":"string"},{"name":"transactionKey","type":"string"},{"name":"sequenceNumber","type":"int"},
{"name":"commitTimestamp","type":"long"},{"name":"commitNumber","type":"long"},{"name":"commitUser","type":"string"},
{"name":"nulledFields","type":{"type":"array","items":"string"}},{"name":"diffFields","type":{"type":"array","items":"string"}},
{"name":"changedFields","type":{"type":"array","items":"string"}}]}},
{"name":"Name","type":["null","string",{"type":"record","name":"Switchable_PersonName","fields":[{"name":"Salutation","type":["null","string"]},{"name":"FirstName","type":["null","string"]},{"name":"LastName","type":["null","string"]}]}],"default":null},
{"name":"BillingAddress","type":["null",{"type":"record","name":"Address","fields":[{"name":"City","type":["null","string"]},{"name":"Latitude","type":["null","double"]}]}],"default":null},
{"name":"NumberOfEmployees","type":["null","int"]},{"name":"Rate__c","type":["null","double"]},{"name":"Since__c","type":["null","long"]},
{"name":"At__c","type":["null","long"]},{"name":"LastModifiedDate","type":["null","long"]},{"name":"Active__c","type":["null","boolean"]}],"uuid":"K98aAtiNFBjA-PJlcvaQ2g"})";

ObjectSchema account() {
  ObjectSchema schema;
  schema.name = "Account";
  const auto add = [&](std::string name, FieldType type, std::string compound = {}) {
    FieldSchema& field = schema.fields.emplace_back();
    field.name = std::move(name);
    field.type = type;
    field.compound_field = std::move(compound);
  };
  add("Name", FieldType::string);
  add("FirstName", FieldType::string, "Name");
  add("BillingCity", FieldType::string, "BillingAddress");
  add("BillingLatitude", FieldType::double_number, "BillingAddress");
  add("NumberOfEmployees", FieldType::integer);
  add("Rate__c", FieldType::double_number);
  add("Since__c", FieldType::date);
  add("At__c", FieldType::time);
  add("LastModifiedDate", FieldType::datetime);
  add("Active__c", FieldType::boolean);
  return schema;
}

void decode(codec::ChangeEventDecoder& decoder, std::string_view payload) {
  const ObjectSchema schema = account();
  decoder.select(&schema);
  const ChangeEvent event = decoder.decode(payload, "position", "id");
  const std::string kept = codec::event_to_json(event);
  const auto read = codec::event_from_json(kept);
  if (!read || codec::event_to_json(*read) != kept) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static auto fixed = codec::ChangeEventDecoder::create(kSchema);
  if (!fixed) std::abort();
  decode(*fixed, bytes);
  const std::size_t end = bytes.find('\0');
  if (end == std::string_view::npos) return 0;
  auto given = codec::ChangeEventDecoder::create(bytes.substr(0, end));
  if (given) decode(*given, bytes.substr(end + 1));
  return 0;
}
