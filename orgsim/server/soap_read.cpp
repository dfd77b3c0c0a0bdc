// The SOAP calls that query and describe: what REST answers as JSON, as XML.
#include "orgsim/server/soap_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/core/describe.h"
#include "orgsim/core/time_text.h"

namespace orgsim {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kBatchMin = 200;
constexpr std::size_t kBatchMax = 2000;
constexpr std::size_t kDescribesMax = 100;
/// Rows made while the org is held, as for REST.
constexpr std::size_t kRowsPerTurn = 100;

HttpResponse fault(const Error& error) {
  if (error.code == codes::kMalformedQuery) return soap_fault(error.code, error.message, "MalformedQueryFault");
  if (error.code == codes::kInvalidField) return soap_fault(error.code, error.message, "InvalidFieldFault");
  if (error.code == codes::kInvalidType) return soap_fault(error.code, error.message, "InvalidSObjectFault");
  return soap_fault(error.code, error.message);
}

HttpResponse bad_locator() {
  return soap_fault("INVALID_QUERY_LOCATOR", "invalid query locator", "InvalidQueryLocatorFault");
}

/// SOAP writes date-times with a Z. Without a field (a group's value) the text itself tells what it is.
std::string scalar_text(const FieldDef* field, const ordered_json& value) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (field != nullptr ? field->type == FieldType::datetime : text.ends_with(".000+0000")) {
    if (const auto ms = parse_datetime(text)) return bulk_datetime(*ms);
  }
  return text;
}

class RecordXml {
 public:
  explicit RecordXml(const Schema& schema) : schema_(schema) {}

  /// <tag xsi:type="sf:sObject">: type, Id, and the fields in the order of the query.
  void append(std::string& out, const std::string& tag, const ordered_json& record) const {
    const std::string type = record["attributes"].value("type", "");
    const ObjectDef* object = schema_.object(type);
    out += "<" + tag + R"( xsi:type="sf:sObject">)";
    append_element(out, "sf:type", type);
    if (const auto id = record.find("Id"); id != record.end() && id->is_string()) {
      append_element(out, "sf:Id", id->get<std::string>());
    } else {
      append_nil(out, "sf:Id");
    }
    for (const auto& [name, value] : record.items()) {
      if (name != "attributes" && name != "Id")
        append_field(out, "sf:" + name, object == nullptr ? nullptr : object->field(name), value);
    }
    out += "</" + tag + ">";
  }

 private:
  void append_field(std::string& out, const std::string& tag, const FieldDef* field, const ordered_json& value) const {
    if (value.is_null()) return append_nil(out, tag);
    if (!value.is_object()) return append_element(out, tag, scalar_text(field, value));
    if (value.contains("attributes")) return append(out, tag, value);
    if (value.contains("records")) {
      out += "<" + tag + R"( xsi:type="QueryResult"><done>true</done>)";
      append_nil(out, "queryLocator");
      for (const ordered_json& record : value["records"]) append(out, "records", record);
      append_element(out, "size", std::to_string(value["records"].size()));
      out += "</" + tag + ">";
      return;
    }
    const bool is_location = field != nullptr && field->type == FieldType::location;
    out += "<" + tag + (is_location ? R"( xsi:type="location">)" : R"( xsi:type="address">)");
    for (const auto& [part, inner] : value.items()) {
      if (inner.is_null()) {
        append_nil(out, part);
      } else {
        append_element(out, part, scalar_text(nullptr, inner));
      }
    }
    out += "</" + tag + ">";
  }

  const Schema& schema_;
};

std::size_t batch_size(const SoapCall& call) {
  const std::string text = call.header_text("QueryOptions", "batchSize");
  std::size_t size = kBatchMax;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return std::clamp(size, kBatchMin, kBatchMax);
}

/// One page as a QueryResult. `locator` is the cursor's id, empty when nobody may ask for more.
HttpResponse page(const SoapReadCall& call, OrgHost::Access& org, QueryCursor& cursor, std::uint64_t from,
                  std::size_t size, const std::string& locator) {
  const std::uint64_t total = cursor.total_size();
  const std::uint64_t end = std::min<std::uint64_t>(total, from + size);
  const RecordXml xml(org->schema());
  std::string records;
  for (std::uint64_t row = from; row < end;) {
    if (row != from) org.pause(std::chrono::milliseconds(0));
    cursor.seek(row);
    for (std::size_t n = 0; n < kRowsPerTurn && row < end && cursor.next(); ++n, ++row) {
      xml.append(records, "records", cursor.record_json(call.version));
    }
  }
  std::string body = R"(<result xsi:type="QueryResult">)";
  append_element(body, "done", end == total ? "true" : "false");
  if (end == total) {
    append_nil(body, "queryLocator");
  } else {
    append_element(body, "queryLocator", fmt::format("{}-{}", locator, end));
  }
  body += records;
  append_element(body, "size", std::to_string(total));
  return soap_answer(call.call.name, body + "</result>");
}

HttpResponse query(const SoapReadCall& call) {
  OrgHost::Access org = call.host.access();
  Outcome<QueryCursor> cursor =
      org->query(call.call.text("queryString"),
                 {.include_deleted = call.call.name == "queryAll", .allow_all_rows = false, .user_id = call.user_id});
  if (!cursor) return fault(cursor.error());
  const std::size_t size = batch_size(call.call);
  if (cursor->is_count()) {
    std::string body = R"(<result xsi:type="QueryResult"><done>true</done>)";
    append_nil(body, "queryLocator");
    append_element(body, "size", std::to_string(cursor->total_size()));
    return soap_answer(call.call.name, body + "</result>");
  }
  if (cursor->total_size() <= size) return page(call, org, *cursor, 0, size, {});
  const auto open = std::make_shared<OpenQuery>(OpenQuery{.id = {},
                                                          .user_id = call.user_id,
                                                          .org = org.share(),
                                                          .cursor = *std::move(cursor),
                                                          .batch_size = size,
                                                          .is_child = false,
                                                          .used_ms = 0});
  call.cursors.add(open, wall_clock_ms());
  return page(call, org, open->cursor, 0, size, open->id);
}

HttpResponse query_more(const SoapReadCall& call) {
  const std::string locator = call.call.text("queryLocator");
  const std::size_t dash = locator.rfind('-');
  if (dash == std::string::npos) return bad_locator();
  std::uint64_t position = 0;
  const char* end = locator.data() + locator.size();
  if (std::from_chars(locator.data() + dash + 1, end, position).ptr != end) return bad_locator();
  OrgHost::Access org = call.host.access();
  const auto open = call.cursors.find(locator.substr(0, dash), call.user_id, wall_clock_ms());
  if (open == nullptr || open->org != org.share() || position > open->cursor.total_size()) return bad_locator();
  return page(call, org, open->cursor, position, open->batch_size, open->id);
}

/// A describe as elements: arrays are repeated, nulls left out, links are REST's.
void append_json(std::string& out, const std::string& name, const json& value) {
  if (value.is_null() || name == "urls") return;
  if (value.is_array()) {
    for (const json& one : value) append_json(out, name, one);
  } else if (value.is_object()) {
    out += "<" + name + ">";
    for (const auto& [key, inner] : value.items()) append_json(out, key, inner);
    out += "</" + name + ">";
  } else {
    append_element(out, name, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

HttpResponse describe(const SoapReadCall& call) {
  const std::vector<std::string> names = call.call.texts("sObjectType");
  if (names.size() > kDescribesMax) {
    return soap_fault(codes::kExceededIdLimit, fmt::format("describeSObjects takes at most {} names", kDescribesMax));
  }
  const OrgHost::Access org = call.host.access();
  std::string body;
  const auto schema = org->schema_for(call.user_id);
  for (const std::string& name : names) {
    const ObjectDef* object = schema->object(name);
    if (object == nullptr) {
      return soap_fault(codes::kInvalidType, fmt::format("sObject type '{}' is not supported.", name),
                        "InvalidSObjectFault");
    }
    append_json(body, "result", describe_object(*object, call.version));
  }
  return soap_answer(call.call.name, body);
}

HttpResponse describe_everything(const SoapReadCall& call) {
  const OrgHost::Access org = call.host.access();
  std::string body;
  append_json(body, "result", describe_global(*org->schema_for(call.user_id), call.version));
  return soap_answer(call.call.name, body);
}

HttpResponse replication(const SoapReadCall& call) {
  const auto start = parse_datetime(call.call.text("startDate"));
  const auto end = parse_datetime(call.call.text("endDate"));
  if (!start || !end) return soap_fault(codes::kMissingArgument, "startDate and endDate must be date-times");
  const std::string type = call.call.text("sObjectType");
  const OrgHost::Access org = call.host.access();
  std::string body = "<result>";
  if (call.call.name == "getUpdated") {
    const auto updated = org->updated(type, *start, *end);
    if (!updated) return fault(updated.error());
    for (const std::string& id : updated->ids) append_element(body, "ids", id);
    append_element(body, "latestDateCovered", bulk_datetime(updated->latest_date_covered_ms));
  } else {
    const auto deleted = org->deleted(type, *start, *end);
    if (!deleted) return fault(deleted.error());
    for (const DeletedIds::Entry& entry : deleted->records) {
      body += "<deletedRecords>";
      append_element(body, "deletedDate", bulk_datetime(entry.deleted_ms));
      append_element(body, "id", entry.id);
      body += "</deletedRecords>";
    }
    append_element(body, "earliestDateAvailable", bulk_datetime(deleted->earliest_date_available_ms));
    append_element(body, "latestDateCovered", bulk_datetime(deleted->latest_date_covered_ms));
  }
  return soap_answer(call.call.name, body + "</result>");
}

}  // namespace

std::optional<HttpResponse> serve_soap_reads(const SoapReadCall& call) {
  const std::string& name = call.call.name;
  if (name == "query" || name == "queryAll") return query(call);
  if (name == "queryMore") return query_more(call);
  if (name == "describeGlobal") return describe_everything(call);
  if (name == "describeSObject" || name == "describeSObjects") return describe(call);
  if (name == "getUpdated" || name == "getDeleted") return replication(call);
  return std::nullopt;
}

}  // namespace orgsim
