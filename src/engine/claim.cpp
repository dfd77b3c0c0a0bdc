#include "engine/claim.h"

#include <algorithm>

#include "engine/key_look_up.h"
#include "rules/breaker.h"
#include "rules/claim.h"
#include "rules/locks.h"
#include "rules/match.h"

namespace duet::engine {
namespace {

/// Whether deletes of these records may go out: the breaker counts them, with what else is waiting.
Result<bool> hold_deletes(const OutboundParts& parts, const Mapping& mapping, RecordBatch& batch,
                          ports::StoreTransaction& transaction) {
  const rules::DeleteLimit& limit = parts.settings.deletes;
  const auto asked = std::ranges::count_if(
      batch.entries(), [](const RecordBatch::Entry& entry) { return rules::asks_for_delete(entry.record); });
  if (asked == 0 || limit.most <= 0) return false;
  Breaker breaker = DUET_TRY(transaction.lock_breaker(mapping));
  const long waiting = std::max<long>(asked, DUET_TRY(transaction.count_captured_deletes(mapping, limit.most + 1)));
  if (rules::trip(breaker, waiting, limit, parts.timing.now()))
    DUET_TRY(transaction.raise_issue(&mapping, rules::breaker_issue(mapping, waiting, limit)));
  const bool hold = breaker.state != BreakerState::closed;
  if (hold) {
    parts.counters.deletes_held += static_cast<std::uint64_t>(asked);
  } else {
    breaker.deletes += asked;
  }
  DUET_TRY(transaction.set_breaker(mapping, breaker));
  return hold;
}

/// Whether the attempt may go with a Bulk job: no condition, no parent that is named by its key, and a key of its own.
bool goes_with(const JobTicket& job, const Mapping& mapping, const Attempt& attempt) {
  return attempt.kind == job.kind && !rules::conditional(mapping, attempt) &&
         std::ranges::none_of(attempt.fields, [&](const auto& sent) {
           const MappedField* field = mapping.find(sent.first);
           return !field || field->parent;
         });
}

}  // namespace

void claim_entry(const OutboundParts& parts, RecordBatch& batch, std::size_t index, const rules::Context& context,
                 const std::string& token, const JobTicket* job, std::vector<ClaimedAttempt>& claimed) {
  std::string key = parts.ports.random.uuid();
  const Attempt* attempt = rules::claim(batch.turn(index, context), {token, std::move(key)});
  if (!attempt) return;
  if (job && goes_with(*job, batch.mapping(), *attempt)) batch.at(index).record.lane.in_flight()->token = job->token;
  const Record& record = batch.at(index).record;
  RecordRef ref{record.row ? std::optional(record.row->id) : record.lane.row_id, record.lane.sfid,
                record.lane.external_id};
  auto references = rules::references_of(batch.mapping(), *attempt, record.row ? record.row->values : FieldValues());
  claimed.push_back({&batch.mapping(), std::move(ref), *attempt, record.lane.sfid, record.lane.external_id,
                     std::move(references), std::nullopt});
}

Result<void> commit_claims(RecordBatch& batch, ports::StoreTransaction& transaction, std::vector<ClaimedAttempt> taken,
                           std::vector<ClaimedAttempt>& claimed) {
  DUET_TRY(batch.write(transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error&) {
    std::erase_if(taken,
                  [&](const ClaimedAttempt& c) { return entry.record.row && c.ref.row_id == entry.record.row->id; });
  }));
  DUET_TRY(transaction.commit());
  std::ranges::move(taken, std::back_inserter(claimed));
  return {};
}

Result<void> claim_records(const OutboundParts& parts, const Mapping& mapping, const std::vector<RecordRef>& refs,
                           const JobTicket* job, std::vector<ClaimedAttempt>& claimed) {
  const std::string token = "duet-" + parts.ports.random.uuid();
  RecordBatch batch(mapping);
  std::vector<std::size_t> indexes;
  for (const RecordRef& ref : refs) indexes.push_back(batch.add(ref));
  auto transaction = DUET_TRY(parts.ports.store.begin());
  DUET_TRY(batch.lock(*transaction));
  rules::Context context = parts.timing.context(mapping);
  context.hold_deletes = DUET_TRY(hold_deletes(parts, mapping, batch, *transaction));
  std::vector<ClaimedAttempt> taken;
  std::vector<LookUp> unchecked;
  for (const std::size_t index : indexes) {
    const Record& record = batch.at(index).record;
    if (record.busy) continue;
    LookUp look_up{0, rules::key_to_look_up(record, mapping), rules::match_to_look_up(record, mapping)};
    if (!look_up.empty() && record.lane.attempts.empty() && !record.lane.dirty && record.lane.parked.empty() &&
        record.lane.not_before <= context.now) {
      look_up.row_id = record.row->id;
      unchecked.push_back(std::move(look_up));
      continue;
    }
    claim_entry(parts, batch, index, context, token, job, taken);
  }
  DUET_TRY(commit_claims(batch, *transaction, std::move(taken), claimed));
  return unchecked.empty() ? Result<void>{} : look_up_and_claim(parts, mapping, unchecked, job, claimed);
}

}  // namespace duet::engine
