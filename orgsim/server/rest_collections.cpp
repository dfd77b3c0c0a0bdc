// sObject Collections: up to 200 records in one call and one transaction (spec §2.4).
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "orgsim/core/ids.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/write_request.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::size_t kWriteMax = 200;
constexpr std::size_t kReadMax = 2000;
/// How a GET's ids fit into the request line at all.
constexpr std::size_t kReadByUrlMax = 800;

struct Batch {
  std::vector<BatchRecord> records;
  bool all_or_none = false;
};

Error too_many(std::size_t max) {
  return {std::string(codes::kExceededIdLimit),
          fmt::format("record limit reached. cannot submit more than {} records in this call", max),
          {}};
}

Outcome<Batch> read_batch(const RestCall& call, std::string_view object) {
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return std::unexpected(body.error());
  const json* records = body->is_object() && body->contains("records") ? &(*body)["records"] : nullptr;
  if (records == nullptr || !records->is_array()) {
    return fail(codes::kJsonParser, "The body must be an object with an array \"records\"");
  }
  if (records->size() > kWriteMax) return std::unexpected(too_many(kWriteMax));
  Batch out;
  if (const auto flag = body->find("allOrNone"); flag != body->end()) {
    if (!flag->is_boolean()) return fail(codes::kJsonParser, "allOrNone must be true or false");
    out.all_or_none = flag->get<bool>();
  }
  for (const json& record : *records) {
    Outcome<RecordInput> input = record_input(record);
    if (!input) return std::unexpected(input.error());
    std::string name = object.empty() ? input->object : std::string(object);
    out.records.push_back({.object = std::move(name), .input = *std::move(input)});
  }
  return out;
}

std::vector<std::string> split_ids(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (const std::string_view id = text.substr(0, comma); !id.empty()) out.emplace_back(id);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
}

HttpResponse write(const RestCall& call, Operation operation, const Batch& batch, std::string_view key_field = {}) {
  OrgHost::Access org = call.environment.host.access();
  Writer writer = call.writer;
  writer.transport = Transport::collections;
  RequestTransaction transaction(org, call.outer, writer);
  std::vector<std::optional<UpsertTarget>> targets;
  if (const std::int64_t window = org->settings().upsert_window_ms; window > 0 && operation == Operation::upsert) {
    targets = find_upsert_targets(*transaction, batch.records, key_field);
    org.pause(std::chrono::milliseconds(window));
  }
  const std::vector<SaveResult> results = wait_for_locks(org, [&] {
    transaction.rewind();
    return write_batch(*transaction, operation, batch.records, batch.all_or_none, key_field, targets);
  });
  if (!transaction.keep(org, call.request.arrived)) {
    return error_answer(503, "REQUEST_RUNNING_TOO_LONG",
                        "Your request was running for too long, and has been stopped.");
  }
  json body = json::array();
  for (const SaveResult& result : results) body.push_back(save_result_json(result, operation == Operation::upsert));
  return json_answer(200, body);
}

HttpResponse remove(const RestCall& call) {
  const std::vector<std::string> ids = split_ids(call.request.param("ids").value_or(""));
  if (ids.empty()) return error_answer(400, codes::kMissingArgument, "The ids parameter is required");
  if (ids.size() > kWriteMax) return error_answer(too_many(kWriteMax));
  Batch batch;
  batch.all_or_none = equals_ignoring_case(call.request.param("allOrNone").value_or(""), "true");
  {
    const OrgHost::Access org = call.environment.host.access();
    for (const std::string& id : ids) {
      const ObjectDef* object = org->schema().object_by_prefix(std::string_view(id).substr(0, 3));
      BatchRecord record;
      record.object = object == nullptr ? "" : object->name;
      record.input.id = id;
      batch.records.push_back(std::move(record));
    }
  }
  return write(call, Operation::remove, batch);
}

HttpResponse retrieve(const RestCall& call, std::string_view object, const std::vector<std::string>& ids,
                      const std::vector<std::string>& fields) {
  if (ids.empty() || fields.empty()) {
    return error_answer(400, codes::kMissingArgument, "Both ids and fields are required");
  }
  const OrgHost::Access org = call.environment.host.access();
  std::string body;
  for (const std::string& id : ids) {
    body += body.empty() ? '[' : ',';
    if (!canonical_id(id)) return error_answer(400, codes::kMalformedId, "malformed id " + id);
    const Outcome<Record> record = org->find(object, id, false, call.writer.user_id);
    if (!record) {
      body += "null";
      continue;
    }
    const auto one = org->record_json(*record, call.version, fields);
    if (!one) return error_answer(one.error());
    body += json_text(*one);
  }
  return text_answer(200, body + "]");
}

Outcome<std::vector<std::string>> text_array(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || !found->is_array()) {
    return fail(codes::kJsonParser, fmt::format("The body needs an array \"{}\"", name));
  }
  std::vector<std::string> out;
  for (const json& text : *found) {
    if (!text.is_string()) return fail(codes::kJsonParser, fmt::format("\"{}\" must hold texts only", name));
    out.push_back(text.get<std::string>());
  }
  return out;
}

HttpResponse retrieve_by_body(const RestCall& call, std::string_view object) {
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  if (!body->is_object()) return error_answer(400, codes::kJsonParser, "The body must be an object");
  const auto ids = text_array(*body, "ids");
  if (!ids) return error_answer(ids.error());
  const auto fields = text_array(*body, "fields");
  if (!fields) return error_answer(fields.error());
  if (ids->size() > kReadMax) return error_answer(too_many(kReadMax));
  return retrieve(call, object, *ids, *fields);
}

HttpResponse serve_without_object(const RestCall& call) {
  if (call.is("DELETE")) return remove(call);
  if (!call.is("POST") && !call.is("PATCH")) return method_not_allowed(call.request, "DELETE,PATCH,POST");
  const Outcome<Batch> batch = read_batch(call, {});
  if (!batch) return error_answer(batch.error());
  return write(call, call.is("POST") ? Operation::insert : Operation::update, *batch);
}

}  // namespace

HttpResponse serve_collections(const RestCall& call) {
  if (call.path.size() == 2) return serve_without_object(call);
  std::string object;
  std::string key_field;
  {
    const OrgHost::Access org = call.environment.host.access();
    const auto schema = call.schema(org);
    const ObjectDef* found = schema->object(call.segment(2));
    if (found == nullptr) return not_found();
    object = found->name;
    if (const FieldDef* field = found->field(call.segment(3)); field != nullptr && field->id_lookup) {
      key_field = field->name;
    }
  }
  if (call.path.size() == 3) {
    if (call.is("POST")) return retrieve_by_body(call, object);
    if (!call.is_read()) return method_not_allowed(call.request, "GET,HEAD,POST");
    const std::vector<std::string> ids = split_ids(call.request.param("ids").value_or(""));
    if (ids.size() > kReadByUrlMax) return error_answer(too_many(kReadByUrlMax));
    return retrieve(call, object, ids, split_ids(call.request.param("fields").value_or("")));
  }
  if (call.path.size() != 4) return not_found();
  if (!call.is("PATCH")) return method_not_allowed(call.request, "PATCH");
  if (key_field.empty()) {
    return error_answer(
        404, codes::kNotFound,
        fmt::format("Provided external ID field does not exist or is not accessible: {}", call.segment(3)));
  }
  const Outcome<Batch> batch = read_batch(call, object);
  if (!batch) return error_answer(batch.error());
  return write(call, Operation::upsert, *batch, key_field);
}

}  // namespace orgsim
