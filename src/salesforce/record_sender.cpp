#include "salesforce/record_sender.h"

#include <algorithm>
#include <iterator>

#include "codec/soql.h"
#include "salesforce/collection_call.h"
#include "salesforce/row_call.h"
#include "salesforce/send_outcome.h"

namespace duet::salesforce {
namespace {

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

/// Most calls that one batch may need to find the records that refuse it.
constexpr int kMaxBisectionCalls = 40;

/// Whether the error is of the call and not of the record: an answer about records gives no place.
bool refused_as_a_whole(const SendOutcome& outcome) {
  if (outcome.verdict != Verdict::rejected || !outcome.error) return false;
  const ErrorKind kind = outcome.error->kind;
  return outcome.error->detail.contains("/composite") &&
         (kind == ErrorKind::rejected || kind == ErrorKind::bad_data || kind == ErrorKind::schema_changed);
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
  if (batch.transport == ports::Transport::rows) {
    for (std::size_t start = 0; start < batch.records.size(); start += ports::kCompositeRows)
      send_rows(mapping, batch, start, std::min(ports::kCompositeRows, batch.records.size() - start), outcomes);
    for (SendOutcome& outcome : outcomes) outcome = judged(std::move(outcome), mapping, batch.kind);
    return outcomes;
  }
  const std::vector<CollectionCall> calls = collection_calls(mapping, batch, client_.data_path(""), outcomes);
  for (std::size_t start = 0; start < calls.size(); start += kCompositeCollections) {
    const auto count = std::min(kCompositeCollections, calls.size() - start);
    send_collections(batch, std::span(calls).subspan(start, count), outcomes);
  }
  int calls_left = kMaxBisectionCalls;
  for (const CollectionCall& call : calls) bisect(mapping, batch, call, outcomes, calls_left);
  for (SendOutcome& outcome : outcomes) outcome = judged(std::move(outcome), mapping, batch.kind);
  return outcomes;
}

void RecordSender::bisect(const Mapping& mapping, const SendBatch& batch, const CollectionCall& call,
                          std::vector<SendOutcome>& outcomes, int& calls_left) {
  const auto refused_whole = [&](std::size_t index) { return refused_as_a_whole(outcomes[index]); };
  if (call.sent.size() < 2 || calls_left <= 0 || !std::ranges::all_of(call.sent, refused_whole)) return;
  const std::size_t half = call.sent.size() / 2;
  for (const auto& [first, count] : {std::pair{std::size_t{0}, half}, std::pair{half, call.sent.size() - half}}) {
    if (--calls_left < 0) return;
    SendBatch part{batch.kind, batch.transport, batch.token, {}};
    for (std::size_t i = first; i < first + count; ++i) part.records.push_back(batch.records[call.sent[i]]);
    std::vector<SendOutcome> answers(count);
    const std::vector<CollectionCall> calls = collection_calls(mapping, part, client_.data_path(""), answers);
    if (!calls.empty()) send_collections(part, calls, answers);
    for (const CollectionCall& each : calls) bisect(mapping, part, each, answers, calls_left);
    for (std::size_t i = 0; i < count; ++i) outcomes[call.sent[first + i]] = std::move(answers[i]);
  }
}

SendOutcome RecordSender::send_row(const Mapping& mapping, const SendBatch& batch, const SendRecord& record) {
  auto call = row_call(mapping, batch.kind, record, client_.data_path(""));
  if (!call) return refused(std::move(call).error());
  std::ranges::move(call_options(batch.token), std::back_inserter(call->headers));
  auto response = client_.call(*call);
  if (!response) return outcome_of(std::move(response).error());
  return read_row_answer(*call, *response);
}

void RecordSender::send_rows(const Mapping& mapping, const SendBatch& batch, std::size_t first, std::size_t count,
                             std::vector<SendOutcome>& outcomes) {
  std::vector<RestCall> calls;
  std::vector<std::size_t> sent;
  for (std::size_t i = first; i < first + count; ++i) {
    auto call = row_call(mapping, batch.kind, batch.records[i], client_.data_path(""));
    if (!call) {
      outcomes[i] = refused(std::move(call).error());
      continue;
    }
    calls.push_back(std::move(*call));
    sent.push_back(i);
  }
  if (calls.empty()) return;
  RestCall all{.method = "POST",
               .path = client_.data_path("composite"),
               .body = composite_rows_body(calls),
               .headers = call_options(batch.token)};
  const auto response = client_.call(all);
  std::vector<SendOutcome> answers;
  if (response && response->status == 200) {
    answers = read_composite_rows(response->body, calls);
  } else {
    answers.assign(sent.size(), outcome_of(response ? failure_of(all, *response) : response.error()));
  }
  for (std::size_t i = 0; i < sent.size(); ++i) outcomes[sent[i]] = std::move(answers[i]);
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
