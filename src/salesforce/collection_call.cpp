#include "salesforce/collection_call.h"

#include <algorithm>
#include <utility>

#include "codec/json_record.h"
#include "codec/soql.h"
#include "salesforce/composite_answer.h"
#include "salesforce/rest_error.h"
#include "salesforce/send_outcome.h"

namespace duet::salesforce {
namespace {

using codec::url_encode;
using ports::SendBatch;
using ports::SendOutcome;
using ports::SendRecord;

FieldType key_type(const Mapping& mapping) {
  const MappedField* field = mapping.find(mapping.upsert_field);
  return field ? field->schema.type : FieldType::string;
}

/// The key as a JSON value: a number where the field is one.
Result<std::string> key_json(const Mapping& mapping, const std::string& key) {
  FieldType type = key_type(mapping);
  if (is_text(type)) {
    std::string out;
    codec::append_json_text(out, key);
    return out;
  }
  return codec::soql_key(key, type);
}

Result<std::string> record_json(const Mapping& mapping, AttemptKind kind, const SendRecord& record, bool by_key) {
  std::string json = R"({"attributes":{"type":)";
  codec::append_json_text(json, mapping.object);
  json += '}';
  if (kind == AttemptKind::update) {
    json += R"(,"id":)";
    codec::append_json_text(json, record.sfid);
  }
  if (by_key) {
    json += ',';
    codec::append_json_text(json, mapping.upsert_field);
    json += ':' + DUET_TRY(key_json(mapping, record.external_id));
  }
  std::string members;
  DUET_TRY(codec::append_json_members(members, record.fields,
                                      by_key ? std::string_view(mapping.upsert_field) : std::string_view()));
  if (!members.empty()) json += ',';
  return json + members + '}';
}

CollectionCall make_call(const Mapping& mapping, const SendBatch& batch, std::span<const std::size_t> indexes,
                         bool by_key, const std::string& data_path, std::vector<SendOutcome>& outcomes) {
  CollectionCall call;
  std::string list;
  for (const std::size_t index : indexes) {
    const SendRecord& record = batch.records[index];
    Result<std::string> text =
        batch.kind == AttemptKind::remove ? url_encode(record.sfid) : record_json(mapping, batch.kind, record, by_key);
    if (!text) {
      outcomes[index].verdict = ports::Verdict::rejected;
      outcomes[index].error = std::move(text).error();
      continue;
    }
    if (!list.empty()) list += ',';
    list += *text;
    call.sent.push_back(index);
  }
  call.path = data_path + "composite/sobjects";
  if (batch.kind == AttemptKind::remove) {
    call.method = "DELETE";
    call.path += "?ids=" + list + "&allOrNone=false";
  } else {
    call.method = batch.kind == AttemptKind::create && !by_key ? "POST" : "PATCH";
    if (by_key) call.path += "/" + mapping.object + "/" + mapping.upsert_field;
    call.body = R"({"allOrNone":false,"records":[)" + list + "]}";
  }
  return call;
}

}  // namespace

bool has_key(const Mapping& mapping, const SendRecord& record) {
  return !mapping.upsert_field.empty() && !record.external_id.empty();
}

std::vector<CollectionCall> collection_calls(const Mapping& mapping, const SendBatch& batch,
                                             const std::string& data_path, std::vector<SendOutcome>& outcomes) {
  std::vector<std::size_t> keyed;
  std::vector<std::size_t> plain;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    const bool by_key = batch.kind == AttemptKind::create && has_key(mapping, batch.records[i]);
    (by_key ? keyed : plain).push_back(i);
  }
  std::vector<CollectionCall> calls;
  for (const auto& [indexes, by_key] : {std::pair{keyed, true}, std::pair{plain, false}}) {
    for (std::size_t start = 0; start < indexes.size(); start += ports::kCollectionSize) {
      const std::size_t count = std::min(ports::kCollectionSize, indexes.size() - start);
      CollectionCall call =
          make_call(mapping, batch, std::span(indexes).subspan(start, count), by_key, data_path, outcomes);
      if (!call.sent.empty()) calls.push_back(std::move(call));
    }
  }
  return calls;
}

std::string composite_body(std::span<const CollectionCall> calls) {
  std::string body = R"({"allOrNone":false,"compositeRequest":[)";
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (i > 0) body += ',';
    body += R"({"method":")" + calls[i].method + R"(","url":)";
    codec::append_json_text(body, calls[i].path);
    body += R"(,"referenceId":"c)" + std::to_string(i) + '"';
    if (!calls[i].body.empty()) body += R"(,"body":)" + calls[i].body;
    body += '}';
  }
  return body + "]}";
}

std::vector<SendOutcome> read_part_answer(const RestCall& call, const HttpResponse& response, std::size_t records) {
  if (response.status == 200) return read_collection_answer(response.body, records);
  return std::vector<SendOutcome>(records, outcome_of(failure_of(call, response)));
}

std::vector<std::vector<SendOutcome>> read_composite_answer(const RestCall& call, std::string_view body,
                                                            std::span<const CollectionCall> calls) {
  const std::vector<HttpResponse> parts = composite_parts(body, calls.size());
  std::vector<std::vector<SendOutcome>> outcomes;
  for (std::size_t i = 0; i < calls.size(); ++i)
    outcomes.push_back(read_part_answer(call, parts[i], calls[i].sent.size()));
  return outcomes;
}

}  // namespace duet::salesforce
