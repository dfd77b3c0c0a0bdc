#include "salesforce/record_sender.h"

#include <algorithm>

#include "codec/json_record.h"
#include "codec/soql.h"
#include "salesforce/collection_call.h"
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
  const std::vector<CollectionCall> calls = collection_calls(mapping, batch, client_.data_path(""), outcomes);
  for (std::size_t start = 0; start < calls.size(); start += kCompositeCollections) {
    const auto count = std::min(kCompositeCollections, calls.size() - start);
    send_collections(batch, std::span(calls).subspan(start, count), outcomes);
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

void RecordSender::send_collections(const SendBatch& batch, std::span<const CollectionCall> calls,
                                    std::vector<SendOutcome>& outcomes) {
  const bool composite = calls.size() > 1;
  RestCall call{.headers = call_options(batch.token)};
  call.method = composite ? "POST" : calls.front().method;
  call.path = composite ? client_.data_path("composite") : calls.front().path;
  call.body = composite ? composite_body(calls) : calls.front().body;
  const auto response = client_.call(call);
  std::vector<std::vector<SendOutcome>> answers;
  if (response && response->status == 200 && composite) {
    answers = read_composite_answer(call, response->body, calls);
  } else {
    for (const CollectionCall& part : calls) {
      answers.push_back(response ? read_part_answer(call, *response, part.sent.size())
                                 : std::vector<SendOutcome>(part.sent.size(), outcome_of(response.error())));
    }
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (std::size_t j = 0; j < calls[i].sent.size(); ++j) outcomes[calls[i].sent[j]] = std::move(answers[i][j]);
  }
}

}  // namespace duet::salesforce
