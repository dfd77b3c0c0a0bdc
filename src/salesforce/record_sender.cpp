#include "salesforce/record_sender.h"

#include <algorithm>

#include "codec/json_record.h"
#include "codec/soql.h"
#include "salesforce/org_gauges.h"
#include "salesforce/send_outcome.h"

namespace duet::salesforce {
namespace {

using codec::url_encode;
using ports::SendBatch;
using ports::SendOutcome;
using ports::SendRecord;
using ports::Verdict;

SendOutcome refused(Error error) {
  SendOutcome outcome;
  outcome.verdict = Verdict::rejected;
  outcome.error = std::move(error);
  return outcome;
}

/// A client name that cannot break out of its header: tokens are the engine's own, letters, digits and dashes.
std::vector<std::string> call_options(const std::string& token) {
  bool clean = !token.empty() && token.size() <= 100 && std::ranges::all_of(token, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  if (!clean) return {};
  return {"Sforce-Call-Options: client=" + token};
}

bool has_key(const Mapping& mapping, const SendRecord& record) {
  return !mapping.upsert_field.empty() && !record.external_id.empty();
}

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

}  // namespace

std::vector<SendOutcome> RecordSender::send(const Mapping& mapping, const SendBatch& batch) {
  std::vector<SendOutcome> outcomes(batch.records.size());
  if (!codec::is_api_name(mapping.object) ||
      (!mapping.upsert_field.empty() && !codec::is_api_name(mapping.upsert_field))) {
    Error error{ErrorKind::config, "NAME",  "The mapping names an object or key that Salesforce cannot have",
                mapping.object,    nullptr, {}};
    std::ranges::fill(outcomes, refused(error));
    return outcomes;
  }
  if (batch.transport == ports::Transport::single_row) {
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      outcomes[i] = judged(send_row(mapping, batch, batch.records[i]), mapping, batch.kind);
    }
    return outcomes;
  }
  Indexes keyed, plain;
  for (std::size_t i = 0; i < batch.records.size(); ++i) {
    bool by_key = batch.kind == AttemptKind::create && has_key(mapping, batch.records[i]);
    (by_key ? keyed : plain).push_back(i);
  }
  for (const auto& [indexes, by_key] : {std::pair{keyed, true}, std::pair{plain, false}}) {
    for (std::size_t start = 0; start < indexes.size(); start += ports::kCollectionSize) {
      std::size_t count = std::min(ports::kCollectionSize, indexes.size() - start);
      send_collection(mapping, batch, std::span(indexes).subspan(start, count), by_key, outcomes);
    }
  }
  for (SendOutcome& outcome : outcomes) outcome = judged(std::move(outcome), mapping, batch.kind);
  return outcomes;
}

SendOutcome RecordSender::send_row(const Mapping& mapping, const SendBatch& batch, const SendRecord& record) {
  RestCall call{.path = client_.data_path("sobjects/" + mapping.object), .headers = call_options(batch.token)};
  std::string_view skip;
  if (batch.kind == AttemptKind::create && has_key(mapping, record)) {
    call.method = "PATCH";
    call.path += "/" + mapping.upsert_field + "/" + url_encode(record.external_id);
    skip = mapping.upsert_field;
  } else if (batch.kind == AttemptKind::create) {
    call.method = "POST";
  } else {
    call.method = batch.kind == AttemptKind::update ? "PATCH" : "DELETE";
    call.path += "/" + url_encode(record.sfid);
  }
  if (batch.kind != AttemptKind::remove) {
    call.body = "{";
    if (auto written = codec::append_json_members(call.body, record.fields, skip); !written)
      return refused(std::move(written).error());
    call.body += '}';
  }
  if (batch.kind == AttemptKind::update && batch.if_unmodified_since) {
    call.headers.push_back("If-Unmodified-Since: " + format_http_date(*batch.if_unmodified_since));
  }
  auto response = client_.call(call);
  if (!response) return outcome_of(std::move(response).error());
  return read_row_answer(call, *response);
}

void RecordSender::send_collection(const Mapping& mapping, const SendBatch& batch, std::span<const std::size_t> indexes,
                                   bool by_key, std::vector<SendOutcome>& outcomes) {
  RestCall call{.path = client_.data_path("composite/sobjects"), .headers = call_options(batch.token)};
  Indexes sent;
  std::string list;
  for (std::size_t index : indexes) {
    const SendRecord& record = batch.records[index];
    Result<std::string> json =
        batch.kind == AttemptKind::remove ? url_encode(record.sfid) : record_json(mapping, batch.kind, record, by_key);
    if (!json) {
      outcomes[index] = refused(std::move(json).error());
      continue;
    }
    if (!list.empty()) list += ',';
    list += *json;
    sent.push_back(index);
  }
  if (sent.empty()) return;

  if (batch.kind == AttemptKind::remove) {
    call.method = "DELETE";
    call.path += "?ids=" + list + "&allOrNone=false";
  } else {
    call.method = batch.kind == AttemptKind::create && !by_key ? "POST" : "PATCH";
    if (by_key) call.path += "/" + mapping.object + "/" + mapping.upsert_field;
    call.body = R"({"allOrNone":false,"records":[)" + list + "]}";
  }
  auto response = client_.call(call);
  std::vector<SendOutcome> results;
  if (!response) {
    results.assign(sent.size(), outcome_of(std::move(response).error()));
  } else if (response->status != 200) {
    results.assign(sent.size(), outcome_of(failure_of(call, *response)));
  } else {
    results = read_collection_answer(response->body, sent.size());
  }
  for (std::size_t i = 0; i < sent.size(); ++i) outcomes[sent[i]] = std::move(results[i]);
}

}  // namespace duet::salesforce
