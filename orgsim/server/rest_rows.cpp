// sObject Rows: create, read, update, delete by Id and by external id, and upsert (spec §2.3).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "orgsim/core/ids.h"
#include "orgsim/core/time_text.h"
#include "orgsim/core/value.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/jwt.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/row_conditions.h"
#include "orgsim/server/write_request.h"

namespace orgsim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr int kUpsertBodySinceVersion = 46;

/// What a rows path names: /sobjects/{object}[/{id} | /{key_field}[/{key}]].
struct RowPath {
  std::string object;
  std::string id;
  std::string key_field;
  std::optional<std::string> key;
};

HttpResponse unknown_key_field(std::string_view name) {
  return error_answer(404, codes::kNotFound,
                      fmt::format("Provided external ID field does not exist or is not accessible: {}", name));
}

HttpResponse too_long() {
  return error_answer(503, "REQUEST_RUNNING_TOO_LONG", "Your request was running for too long, and has been stopped.");
}

std::vector<std::string> field_list(const RestCall& call) {
  std::vector<std::string> out;
  std::string_view text = call.request.param("fields").value_or("");
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) out.emplace_back(name);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
}

/// Commits and answers; the answer of a failed statement takes nothing with it.
template <typename Answer>
HttpResponse finish(const RestCall& call, OrgHost::Access& org, RequestTransaction& transaction,
                    const SaveResult& result, Answer answer) {
  if (!result.success) {
    transaction.drop(org);
    return row_error_answer(result);
  }
  if (!transaction.keep(org, call.request.arrived)) return too_long();
  return answer();
}

SaveResult run(OrgHost::Access& org, const std::function<SaveResult()>& statement) {
  return wait_for_locks(org, [&] { return std::vector<SaveResult>{statement()}; }).front();
}

/// A record as JSON and, in further parts that are named as its fields, the bytes of base64 fields (spec §2.3).
Outcome<RecordInput> multipart_input(const HttpRequest& request) {
  const auto is_record = [](const HttpPart& part) { return part.content_type.starts_with("application/json"); };
  const auto record = std::ranges::find_if(request.parts, is_record);
  if (record == request.parts.end()) {
    return fail("INVALID_MULTIPART_REQUEST", "The request needs a part of type application/json with the record");
  }
  const Outcome<json> body = parse_json(record->body);
  if (!body) return std::unexpected(body.error());
  Outcome<RecordInput> input = record_input(*body);
  if (!input) return input;
  for (const HttpPart& part : request.parts) {
    if (&part != &*record) input->set(part.name, Value(base64_encode(part.body)));
  }
  return input;
}

Outcome<RecordInput> body_input(const RestCall& call) {
  if (!call.request.parts.empty()) return multipart_input(call.request);
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return std::unexpected(body.error());
  return record_input(*body);
}

Error id_in_body(std::string_view field) {
  return {std::string(codes::kInvalidField),
          fmt::format("The {} field should not be specified in the sobject data.", field),
          {}};
}

HttpResponse create(const RestCall& call, const std::string& object) {
  const Outcome<RecordInput> input = body_input(call);
  if (!input) return error_answer(input.error());
  if (!input->id.empty()) {
    return error_answer({std::string(codes::kInvalidFieldForWrite), "cannot specify Id in an insert call", {"Id"}},
                        true);
  }
  OrgHost::Access org = call.environment.host.access();
  RequestTransaction transaction(org, call.outer, call.writer);
  const SaveResult result = run(org, [&] { return transaction->insert(object, *input); });
  return finish(call, org, transaction, result, [&] {
    HttpResponse out = json_answer(201, save_result_json(result, false));
    out.set_header("Location", call.base_path() + "/sobjects/" + object + "/" + result.id);
    return out;
  });
}

HttpResponse update(const RestCall& call, const RowPath& path) {
  const Outcome<RecordInput> input = body_input(call);
  if (!input) return error_answer(input.error());
  if (!input->id.empty()) return error_answer(id_in_body("Id"), true);
  UpdateOptions options;
  if (const std::string_view header = call.request.header("if-unmodified-since"); !header.empty()) {
    options.if_unmodified_since_ms = parse_http_date(header);
    if (!options.if_unmodified_since_ms) {
      return error_answer(400, "INVALID_HEADER", "The value of the If-Unmodified-Since header is no HTTP date");
    }
  }
  OrgHost::Access org = call.environment.host.access();
  RequestTransaction transaction(org, call.outer, call.writer);
  const SaveResult result = run(org, [&]() -> SaveResult {
    if (has_etag_condition(call)) {
      const Outcome<Record> record = transaction->find(path.object, path.id);
      auto refused = record ? refuse_update(call, *record) : std::nullopt;
      if (refused) return {.id = path.id, .errors = {*std::move(refused)}};
    }
    return transaction->update(path.object, path.id, *input, options);
  });
  return finish(call, org, transaction, result, [] { return empty_answer(204); });
}

HttpResponse remove(const RestCall& call, const RowPath& path) {
  OrgHost::Access org = call.environment.host.access();
  RequestTransaction transaction(org, call.outer, call.writer);
  const SaveResult result = run(org, [&] { return transaction->remove(path.object, path.id); });
  return finish(call, org, transaction, result, [] { return empty_answer(204); });
}

HttpResponse several(const RestCall& call, const std::string& object, const std::vector<std::string>& ids) {
  json body = json::array();
  for (const std::string& id : ids) body.push_back(call.base_path() + "/sobjects/" + object + "/" + id);
  return json_answer(300, body);
}

HttpResponse upsert_answer(const RestCall& call, const std::string& object, const SaveResult& result) {
  const bool has_body = std::atoi(call.version.c_str()) >= kUpsertBodySinceVersion;
  if (!result.created && !has_body) return empty_answer(204);
  HttpResponse out =
      json_answer(result.created ? 201 : 200,
                  {{"id", result.id}, {"success", true}, {"errors", json::array()}, {"created", result.created}});
  if (result.created) out.set_header("Location", call.base_path() + "/sobjects/" + object + "/" + result.id);
  return out;
}

bool names_field(const RecordInput& input, std::string_view field) {
  return std::any_of(input.fields.begin(), input.fields.end(),
                     [&](const InputField& one) { return equals_ignoring_case(one.name, field); });
}

HttpResponse upsert(const RestCall& call, const RowPath& path) {
  const Outcome<RecordInput> input = body_input(call);
  if (!input) return error_answer(input.error());
  if (!input->id.empty()) return error_answer(id_in_body("Id"), true);
  if (names_field(*input, path.key_field)) return error_answer(id_in_body(path.key_field), true);
  const UpsertOptions options{.update_only = call.request.param("updateOnly").value_or("") == "true"};
  const Value key(*path.key);

  OrgHost::Access org = call.environment.host.access();
  RequestTransaction transaction(org, call.outer, call.writer);
  const Outcome<UpsertTarget> target = transaction->find_upsert_target(path.object, path.key_field, key);
  if (!target) return error_answer(target.error(), true);
  // The lookup takes no lock: what another writer inserts in this window, this upsert does not see (spec §5).
  if (const std::int64_t window = org->settings().upsert_window_ms; window > 0) org.pause(milliseconds(window));
  const SaveResult result =
      run(org, [&] { return transaction->upsert_at(*target, path.object, path.key_field, key, *input, options); });
  if (!result.candidates.empty()) return several(call, path.object, result.candidates);
  return finish(call, org, transaction, result, [&] { return upsert_answer(call, path.object, result); });
}

HttpResponse read(const RestCall& call, const RowPath& path) {
  const OrgHost::Access org = call.environment.host.access();
  const Outcome<Record> record = call.outer != nullptr ? call.outer->find(path.object, path.id)
                                                       : org->find(path.object, path.id, false, call.writer.user_id);
  if (!record) return error_answer(record.error());
  if (auto refused = refuse_read(call, *record)) return *std::move(refused);
  const auto body = org->record_json(*record, call.version, field_list(call));
  if (!body) return error_answer(body.error());
  HttpResponse out = text_answer(200, json_text(*body));
  const Value& modified = record->get("LastModifiedDate");
  if (const auto* ms = std::get_if<std::int64_t>(&modified)) out.set_header("Last-Modified", http_date(*ms));
  if (const std::string tag = row_etag(*record); !tag.empty()) out.set_header("ETag", tag);
  return out;
}

/// GET …/Attachment/{id}/Body: the bytes themselves.
HttpResponse read_blob(const RestCall& call, const RowPath& path) {
  const OrgHost::Access org = call.environment.host.access();
  const Outcome<Record> record = org->find(path.object, path.id, false, call.writer.user_id);
  if (!record) return error_answer(record.error());
  const FieldDef* field = record->object->field(*path.key);
  if (field == nullptr || field->type != FieldType::base64) return not_found();
  const auto* text = std::get_if<std::string>(&record->at(*field));
  HttpResponse out;
  out.content_type = "application/octet-stream";
  if (text != nullptr) out.body = base64_decode(*text).value_or(std::string());
  return out;
}

/// Turns an external id path into the one record's id; an answer when there is none or several.
std::optional<HttpResponse> resolve(const RestCall& call, RowPath& path) {
  const OrgHost::Access org = call.environment.host.access();
  Outcome<std::vector<std::string>> ids = std::vector<std::string>{};
  if (call.outer != nullptr) {
    const Outcome<UpsertTarget> target = call.outer->find_upsert_target(path.object, path.key_field, Value(*path.key));
    if (!target) return error_answer(target.error());
    *ids = target->ids;
  } else {
    ids = org->find_by_field(path.object, path.key_field, Value(*path.key), call.writer.user_id);
  }
  if (!ids) return error_answer(ids.error());
  if (ids->empty()) return not_found();
  if (ids->size() > 1) return several(call, path.object, *ids);
  path.id = ids->front();
  return std::nullopt;
}

HttpResponse serve_by_id(const RestCall& call, const RowPath& path) {
  if (call.is_read()) return read(call, path);
  if (call.is("PATCH")) return update(call, path);
  if (call.is("DELETE")) return remove(call, path);
  return method_not_allowed(call.request, "DELETE,GET,HEAD,PATCH");
}

HttpResponse serve_by_key(const RestCall& call, RowPath path) {
  if (call.is("PATCH")) return upsert(call, path);
  if (!call.is_read() && !call.is("DELETE")) return method_not_allowed(call.request, "DELETE,GET,HEAD,PATCH");
  if (auto answer = resolve(call, path)) return *std::move(answer);
  return serve_by_id(call, path);
}

/// The object's declared name, and the key field's when the third segment names one that records are looked up by.
RowPath parse_path(const RestCall& call) {
  RowPath path;
  const OrgHost::Access org = call.environment.host.access();
  const auto schema = call.schema(org);
  const ObjectDef& object = *schema->object(call.segment(1));
  path.object = object.name;
  if (const FieldDef* field = object.field(call.segment(2)); field != nullptr && field->id_lookup) {
    path.key_field = field->name;
  } else if (const auto id = canonical_id(call.segment(2))) {
    path.id = *id;
  }
  if (call.path.size() > 3) path.key = call.path[3];
  return path;
}

}  // namespace

HttpResponse serve_rows(const RestCall& call) {
  if (call.path.size() > 4) return not_found();
  const RowPath path = parse_path(call);
  if (call.path.size() == 2) {
    return call.is("POST") ? create(call, path.object) : method_not_allowed(call.request, "HEAD,GET,POST");
  }
  if (path.key_field.empty()) {
    // /sobjects/Account/xyz: neither an id nor a key field (spec §2.3, "bad path id").
    if (path.id.empty()) return unknown_key_field(call.segment(2));
    if (!path.key) return serve_by_id(call, path);
    return call.is_read() ? read_blob(call, path) : not_found();
  }
  if (path.key_field == "Id" && path.key) {
    const auto id = canonical_id(*path.key);
    if (!id) return unknown_key_field(*path.key);
    return serve_by_id(call, {.object = path.object, .id = *id, .key_field = {}, .key = {}});
  }
  if (path.key_field == "Id" && call.is("POST")) return create(call, path.object);
  if (!path.key) return method_not_allowed(call.request, "HEAD,GET,POST");
  if (!is_utf8(*path.key)) return error_answer(400, codes::kInvalidField, "The key in the path is no UTF-8 text");
  return serve_by_key(call, path);
}

}  // namespace orgsim
