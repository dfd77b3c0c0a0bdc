#include "engine/send.h"

#include "rules/claim.h"
#include "rules/plan.h"

namespace duet::engine {
namespace {

ports::SendRecord to_send(const ClaimedAttempt& claimed) {
  ports::SendRecord record;
  record.sfid = claimed.sfid;
  record.external_id = claimed.external_id;
  for (const auto& [name, sent] : claimed.attempt.fields) record.fields.emplace(name, sent.value);
  return record;
}

}  // namespace

void send_attempts(const OutboundParts& parts, std::vector<ClaimedAttempt>& claimed) {
  std::vector<rules::PlanItem> items;
  for (std::size_t i = 0; i < claimed.size(); ++i) {
    items.push_back({i, claimed[i].mapping, claimed[i].attempt.kind, &claimed[i].attempt,
                     rules::conditional(*claimed[i].mapping, claimed[i].attempt)});
  }
  for (const rules::PlannedBatch& planned : rules::plan(items, {ports::kSendLimit, parts.settings.collection_from})) {
    ports::SendBatch batch;
    batch.kind = planned.kind;
    batch.transport = planned.collection ? ports::Transport::collection : ports::Transport::single_row;
    batch.token = claimed[planned.indexes.front()].attempt.token;
    if (planned.conditional) batch.if_unmodified_since = claimed[planned.indexes.front()].attempt.row_stamp;
    for (const std::size_t index : planned.indexes) batch.records.push_back(to_send(claimed[index]));
    parts.counters.attempts_sent += batch.records.size();
    std::vector<ports::SendOutcome> outcomes = parts.ports.org.send(*planned.mapping, batch);
    outcomes.resize(batch.records.size());
    for (std::size_t i = 0; i < outcomes.size(); ++i) claimed[planned.indexes[i]].outcome = std::move(outcomes[i]);
  }
}

}  // namespace duet::engine
