#include "salesforce/row_call.h"

#include "codec/json_record.h"
#include "codec/soql.h"
#include "salesforce/collection_call.h"
#include "salesforce/composite_answer.h"
#include "salesforce/org_gauges.h"
#include "salesforce/send_outcome.h"

namespace duet::salesforce {

using codec::url_encode;

Result<RestCall> row_call(const Mapping& mapping, AttemptKind kind, const ports::SendRecord& record,
                          const std::string& data_path) {
  RestCall call{.path = data_path + "sobjects/" + mapping.object};
  std::string_view skip;
  if (kind == AttemptKind::create && has_key(mapping, record)) {
    call.method = "PATCH";
    call.path += "/" + mapping.upsert_field + "/" + url_encode(record.external_id);
    skip = mapping.upsert_field;
  } else if (kind == AttemptKind::create) {
    call.method = "POST";
  } else {
    call.method = kind == AttemptKind::update ? "PATCH" : "DELETE";
    call.path += "/" + url_encode(record.sfid);
  }
  if (kind != AttemptKind::remove) {
    call.body = "{";
    DUET_TRY(codec::append_json_members(call.body, record.fields, skip));
    call.body += '}';
  }
  if (kind == AttemptKind::update && record.if_unmodified_since)
    call.headers.push_back("If-Unmodified-Since: " + format_http_date(*record.if_unmodified_since));
  return call;
}

std::string composite_rows_body(std::span<const RestCall> calls) {
  std::string body = R"({"allOrNone":false,"compositeRequest":[)";
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const RestCall& call = calls[i];
    if (i > 0) body += ',';
    body += R"({"method":")" + call.method + R"(","url":)";
    codec::append_json_text(body, call.path);
    body += R"(,"referenceId":"c)" + std::to_string(i) + '"';
    for (const std::string& header : call.headers) {
      const auto colon = header.find(": ");
      body += R"(,"httpHeaders":{)";
      codec::append_json_text(body, header.substr(0, colon));
      body += ':';
      codec::append_json_text(body, header.substr(colon + 2));
      body += '}';
    }
    if (!call.body.empty()) body += R"(,"body":)" + call.body;
    body += '}';
  }
  return body + "]}";
}

std::vector<ports::SendOutcome> read_composite_rows(std::string_view body, std::span<const RestCall> calls) {
  const std::vector<HttpResponse> parts = composite_parts(body, calls.size());
  std::vector<ports::SendOutcome> outcomes;
  outcomes.reserve(calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) outcomes.push_back(read_row_answer(calls[i], parts[i]));
  return outcomes;
}

}  // namespace duet::salesforce
