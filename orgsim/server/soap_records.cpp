// The SOAP calls that write and read records; at most 200 a call, one transaction each, as the collections of REST.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/core/time_text.h"
#include "orgsim/server/soap_api.h"
#include "orgsim/server/write_request.h"

namespace orgsim {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kWriteMax = 200;
constexpr std::size_t kReadMax = 2000;

std::string_view operation_name(Operation operation) {
  switch (operation) {
    case Operation::insert:
      return "create";
    case Operation::update:
      return "update";
    case Operation::upsert:
      return "upsert";
    case Operation::remove:
      return "delete";
    case Operation::purge:
      return "emptyRecycleBin";
    case Operation::undelete:
      return "undelete";
  }
  return "";
}

HttpResponse too_many(std::size_t max) {
  return soap_fault(codes::kExceededIdLimit,
                    fmt::format("record limit reached. cannot submit more than {} records into this call", max),
                    "InvalidIdFault");
}

Outcome<std::vector<BatchRecord>> read_batch(const SoapRecordsCall& call, Operation operation) {
  std::vector<BatchRecord> out;
  if (operation == Operation::insert || operation == Operation::update || operation == Operation::upsert) {
    for (const pugi::xml_node& node : call.call.operation.children()) {
      if (local_name(node) == "sObjects") out.push_back(soap_record(node));
    }
    return out;
  }
  const OrgHost::Access org = call.host.access();
  for (const char* name : {"ids", "ID"}) {
    for (const std::string& id : call.call.texts(name)) {
      const ObjectDef* object = org->schema().object_by_prefix(std::string_view(id).substr(0, 3));
      BatchRecord record;
      record.object = object == nullptr ? "" : object->name;
      record.input.id = id;
      out.push_back(std::move(record));
    }
  }
  return out;
}

void append_result(std::string& out, const SaveResult& result, Operation operation) {
  out += "<result>";
  if (operation == Operation::upsert) append_element(out, "created", result.created ? "true" : "false");
  for (const Error& error : result.errors) {
    out += "<errors>";
    for (const std::string& field : error.fields) append_element(out, "fields", field);
    append_element(out, "message", error.message);
    append_element(out, "statusCode", error.code);
    out += "</errors>";
  }
  if (result.id.empty()) {
    append_nil(out, "id");
  } else {
    append_element(out, "id", result.id);
  }
  append_element(out, "success", result.success ? "true" : "false");
  out += "</result>";
}

/// What lies in no bin cannot be emptied out of it.
std::vector<SaveResult> empty_bin(const OrgHost::Access& org, Transaction& transaction,
                                  const std::vector<BatchRecord>& records) {
  std::vector<SaveResult> out;
  for (const BatchRecord& record : records) {
    if (org->find(record.object, record.input.id)) {
      out.push_back(
          {.id = record.input.id, .errors = {make_error(codes::kDeleteFailed, "Entity is not in the recycle bin")}});
    } else {
      out.push_back(transaction.purge(record.object, record.input.id));
    }
  }
  return out;
}

HttpResponse write(const SoapRecordsCall& call, Operation operation) {
  const Outcome<std::vector<BatchRecord>> batch = read_batch(call, operation);
  if (!batch) return soap_fault(batch.error().code, batch.error().message);
  if (batch->size() > kWriteMax) return too_many(kWriteMax);
  const std::string key_field = operation == Operation::upsert ? call.call.text("externalIDFieldName") : "";
  const bool all_or_none = call.call.header_text("AllOrNoneHeader", "allOrNone") == "true";
  OrgHost::Access org = call.host.access();
  Transaction transaction = org->begin(call.writer);
  const std::size_t start = transaction.savepoint();
  const std::vector<SaveResult> results = wait_for_locks(org, [&] {
    transaction.roll_back_to(start);
    if (operation == Operation::purge) return empty_bin(org, transaction, *batch);
    return write_batch(transaction, operation, *batch, all_or_none, key_field);
  });
  if (!commit_in_time(org, transaction, call.request.arrived)) {
    return soap_fault("REQUEST_RUNNING_TOO_LONG", "Your request was running for too long, and has been stopped.");
  }
  std::string body;
  for (const SaveResult& result : results) append_result(body, result, operation);
  return soap_answer(operation_name(operation), body);
}

/// SOAP writes date-times with a Z.
std::string scalar_text(const FieldDef* field, const ordered_json& value) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (field != nullptr && field->type == FieldType::datetime) {
    if (const auto ms = parse_datetime(text)) return bulk_datetime(*ms);
  }
  return text;
}

void append_record(std::string& out, const ObjectDef& object, const ordered_json& record) {
  out += R"(<result xsi:type="sf:sObject">)";
  append_element(out, "sf:type", object.name);
  for (const auto& [name, value] : record.items()) {
    if (name == "attributes") continue;
    const std::string tag = "sf:" + name;
    if (value.is_null()) {
      append_nil(out, tag);
    } else if (value.is_object()) {
      out += "<" + tag + ">";
      for (const auto& [part, inner] : value.items()) {
        if (inner.is_null()) {
          append_nil(out, part);
        } else {
          append_element(out, part, scalar_text(nullptr, inner));
        }
      }
      out += "</" + tag + ">";
    } else {
      append_element(out, tag, scalar_text(object.field(name), value));
    }
  }
  out += "</result>";
}

HttpResponse retrieve(const SoapRecordsCall& call) {
  const std::vector<std::string> ids = call.call.texts("ids");
  if (ids.size() > kReadMax) return too_many(kReadMax);
  std::vector<std::string> fields;
  std::string list = call.call.text("fieldList");
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    std::string name = list.substr(at, comma - at);
    std::erase(name, ' ');
    if (!name.empty()) fields.push_back(std::move(name));
    at = comma + 1;
  }
  const OrgHost::Access org = call.host.access();
  const std::string type = call.call.text("sObjectType");
  const auto schema = org->schema_for(call.writer.user_id);
  const ObjectDef* object = schema->object(type);
  if (object == nullptr) {
    return soap_fault(codes::kInvalidType, fmt::format("sObject type '{}' is not supported.", type),
                      "InvalidSObjectFault");
  }
  std::string body;
  for (const std::string& id : ids) {
    if (!canonical_id(id)) return soap_fault(codes::kMalformedId, "malformed id " + id, "InvalidIdFault");
    const Outcome<Record> record = org->find(object->name, id, false, call.writer.user_id);
    if (!record) {
      append_nil(body, "result");
      continue;
    }
    const auto one = org->record_json(*record, call.version, fields);
    if (!one) return soap_fault(one.error().code, one.error().message, "InvalidFieldFault");
    append_record(body, *object, *one);
  }
  return soap_answer("retrieve", body);
}

}  // namespace

BatchRecord soap_record(const pugi::xml_node& node) {
  BatchRecord record;
  for (const pugi::xml_node& field : node.children()) {
    if (field.type() != pugi::node_element) continue;
    const std::string name(local_name(field));
    const std::string text = soap_text(field);
    if (name == "type") {
      record.object = text;
    } else if (name == "Id" || name == "id") {
      record.input.id = text;
    } else if (name == "fieldsToNull") {
      record.input.set(text, Value{});
    } else if (const pugi::xml_node inner = field.find_child([](const pugi::xml_node& child) {
                 return child.type() == pugi::node_element && local_name(child) != "type";
               })) {
      record.input.set_parent(name, local_name(inner), Value(soap_text(inner)), soap_text(soap_child(field, "type")));
    } else if (!is_nil(field) && !text.empty()) {
      // An empty element is not spoken of: null is said by fieldsToNull.
      record.input.set(name, Value(text));
    }
  }
  return record;
}

HttpResponse serve_soap_records(const SoapRecordsCall& call) {
  const std::string& name = call.call.name;
  if (name == "merge" || name == "convertLead") return serve_soap_merge(call);
  if (name == "retrieve") return retrieve(call);
  for (const Operation operation : {Operation::insert, Operation::update, Operation::upsert, Operation::remove,
                                    Operation::undelete, Operation::purge}) {
    if (name == operation_name(operation)) return write(call, operation);
  }
  return soap_fault("soapenv:Client", fmt::format("No operation available for request {}", name));
}

}  // namespace orgsim
