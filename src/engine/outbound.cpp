#include "engine/outbound.h"

#include <algorithm>
#include <deque>

#include "engine/record_batch.h"
#include "engine/timing.h"
#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/claim.h"
#include "rules/outcome.h"
#include "rules/plan.h"
#include "rules/read.h"

namespace duet::engine {
namespace {

constexpr TimeMs kIdleWaitMs = 100;

/// An attempt that is committed and about to be sent, or has been.
struct Claimed {
  const Mapping* mapping = nullptr;
  RecordRef ref;
  Attempt attempt;
  std::string sfid;
  std::string external_id;
  std::optional<ports::SendOutcome> outcome;
};

ports::SendRecord to_send(const Claimed& claimed) {
  ports::SendRecord record;
  record.sfid = claimed.sfid;
  record.external_id = claimed.external_id;
  for (const auto& [name, sent] : claimed.attempt.fields) record.fields.emplace(name, sent.value);
  return record;
}

}  // namespace

class OutboundWorker::Impl {
 public:
  Impl(const Connection& connection, const Settings& settings, OutboundPorts ports, Counters& counters)
      : settings_(settings),
        ports_(ports),
        counters_(counters),
        timing_(connection, settings, ports.clock, ports.store, ports.org) {
    std::vector<const Mapping*> writable;
    for (const Mapping& mapping : connection.mappings) {
      if (mapping.access == Access::read_write) writable.push_back(&mapping);
    }
    mappings_ = rules::parents_first(writable);
  }

  Result<Step> step();

 private:
  Result<void> recover();
  Result<void> claim(const Mapping& mapping, const std::vector<RecordRef>& refs, std::vector<Claimed>& claimed);
  Result<void> look_up_and_claim(const Mapping& mapping, const std::vector<RecordRef>& refs,
                                 const std::vector<std::string>& keys, std::vector<Claimed>& claimed);
  void claim_entry(RecordBatch& batch, std::size_t index, const rules::Context& context, const std::string& token,
                   std::vector<Claimed>& claimed);
  void send(std::vector<Claimed>& claimed);
  Result<void> write_outcomes(const Mapping& mapping, std::vector<Claimed>& answered);
  Result<void> finish();

  const Settings& settings_;
  OutboundPorts ports_;
  Counters& counters_;
  Timing timing_;
  std::vector<const Mapping*> mappings_;
  bool recovered_ = false;
  /// Answers that are not written yet: their rows were locked by the app.
  std::vector<Claimed> answered_;
};

Result<void> OutboundWorker::Impl::recover() {
  for (const Mapping* mapping : mappings_) {
    const std::vector<RecordRef> refs = DUET_TRY(ports_.store.find_in_flight(*mapping));
    if (refs.empty()) continue;
    RecordBatch batch(*mapping);
    for (const RecordRef& ref : refs) batch.add(ref);
    auto transaction = DUET_TRY(ports_.store.begin());
    DUET_TRY(batch.lock(*transaction));
    const rules::Context context = timing_.context(*mapping);
    for (RecordBatch::Entry& entry : batch.entries()) {
      const Attempt* in_flight = entry.record.lane.in_flight();
      if (!in_flight) continue;
      rules::on_unknown({entry.record, entry.change, context}, std::string(in_flight->token));
      ++counters_.attempts_unknown;
    }
    DUET_TRY(batch.write(*transaction, [](RecordBatch::Entry&, std::size_t, const Error&) {}));
    DUET_TRY(transaction->commit());
  }
  recovered_ = true;
  return {};
}

void OutboundWorker::Impl::claim_entry(RecordBatch& batch, std::size_t index, const rules::Context& context,
                                       const std::string& token, std::vector<Claimed>& claimed) {
  std::string key = ports_.random.uuid();
  const Attempt* attempt = rules::claim(batch.turn(index, context), {token, std::move(key)});
  if (!attempt) return;
  const Record& record = batch.at(index).record;
  RecordRef ref{record.row ? std::optional(record.row->id) : record.lane.row_id, record.lane.sfid,
                record.lane.external_id};
  claimed.push_back(
      {&batch.mapping(), std::move(ref), *attempt, record.lane.sfid, record.lane.external_id, std::nullopt});
}

Result<void> OutboundWorker::Impl::claim(const Mapping& mapping, const std::vector<RecordRef>& refs,
                                         std::vector<Claimed>& claimed) {
  const std::string token = "duet-" + ports_.random.uuid();
  RecordBatch batch(mapping);
  std::vector<std::size_t> indexes;
  for (const RecordRef& ref : refs) indexes.push_back(batch.add(ref));
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = timing_.context(mapping);
  std::vector<Claimed> taken;
  std::vector<RecordRef> unchecked;
  std::vector<std::string> keys;
  for (const std::size_t index : indexes) {
    const Record& record = batch.at(index).record;
    if (record.busy) continue;
    if (const std::string key = rules::key_to_look_up(record, mapping);
        !key.empty() && record.lane.attempts.empty() && !record.lane.dirty && record.lane.not_before <= context.now) {
      unchecked.push_back({record.row->id, {}, key});
      keys.push_back(key);
      continue;
    }
    claim_entry(batch, index, context, token, taken);
  }
  DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error&) {
    // Another lane still holds the record's key, or the row refuses its external id: not now.
    std::erase_if(taken, [&](const Claimed& c) { return entry.record.row && c.ref.row_id == entry.record.row->id; });
  }));
  DUET_TRY(transaction->commit());
  std::ranges::move(taken, std::back_inserter(claimed));
  return keys.empty() ? Result<void>{} : look_up_and_claim(mapping, unchecked, keys, claimed);
}

Result<void> OutboundWorker::Impl::look_up_and_claim(const Mapping& mapping, const std::vector<RecordRef>& refs,
                                                     const std::vector<std::string>& keys,
                                                     std::vector<Claimed>& claimed) {
  const TimeMs began_at = timing_.org_now();
  std::vector<RecordRead> found;
  for (std::size_t from = 0; from < keys.size(); from += ports::kCollectionSize) {
    const auto count = std::min(ports::kCollectionSize, keys.size() - from);
    std::ranges::move(DUET_TRY(ports_.org.read_by_key(mapping, std::span(keys).subspan(from, count))),
                      std::back_inserter(found));
  }
  const MappedField& key_field = *mapping.find(mapping.upsert_field);
  const std::string token = "duet-" + ports_.random.uuid();
  RecordBatch batch(mapping);
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const auto match = std::ranges::find_if(found, [&](const RecordRead& read) {
      return rules::same_key(key_field.schema, rules::key_text(value_of(read.fields, key_field.schema.name)), keys[i]);
    });
    const bool usable = match != found.end() && !rules::too_young(mapping, *match, began_at);
    batch.add({refs[i].row_id, usable ? match->sfid : std::string(), {}});
  }
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = timing_.context(mapping);
  std::vector<Claimed> taken;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    RecordBatch::Entry& entry = batch.at(i);
    if (entry.record.busy || rules::key_to_look_up(entry.record, mapping) != keys[i]) continue;
    // The key's record is still that of a row which the app deleted: its delete goes first.
    const Lane& lane = entry.record.lane;
    if (lane.row_id && lane.row_id != entry.record.row->id && (lane.pending_delete || !lane.attempts.empty())) continue;
    const rules::Turn turn = batch.turn(i, context);
    std::vector<const RecordRead*> matches;
    for (const RecordRead& read : found) {
      if (rules::same_key(key_field.schema, rules::key_text(value_of(read.fields, key_field.schema.name)), keys[i]))
        matches.push_back(&read);
    }
    if (matches.size() > 1) {
      rules::absorb(turn);
      rules::park_ambiguous(turn, matches);
    } else if (matches.size() == 1 && rules::too_young(mapping, *matches.front(), began_at)) {
      turn.lane().not_before = context.now + rules::kVersionAgeMs;
      turn.change.lane_changed = true;
    } else if (matches.size() == 1) {
      rules::on_key_taken(turn, *matches.front());
    } else {
      rules::on_key_free(turn);
      claim_entry(batch, i, context, token, taken);
    }
  }
  DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error&) {
    std::erase_if(taken, [&](const Claimed& c) { return entry.record.row && c.ref.row_id == entry.record.row->id; });
  }));
  DUET_TRY(transaction->commit());
  std::ranges::move(taken, std::back_inserter(claimed));
  return {};
}

void OutboundWorker::Impl::send(std::vector<Claimed>& claimed) {
  std::vector<rules::PlanItem> items;
  for (std::size_t i = 0; i < claimed.size(); ++i) {
    items.push_back({i, claimed[i].mapping, claimed[i].attempt.kind, &claimed[i].attempt,
                     rules::conditional(*claimed[i].mapping, claimed[i].attempt)});
  }
  for (const rules::PlannedBatch& planned : rules::plan(items, {ports::kSendLimit, settings_.collection_from})) {
    ports::SendBatch batch;
    batch.kind = planned.kind;
    batch.transport = planned.collection ? ports::Transport::collection : ports::Transport::single_row;
    batch.token = claimed[planned.indexes.front()].attempt.token;
    if (planned.conditional) batch.if_unmodified_since = claimed[planned.indexes.front()].attempt.row_stamp;
    for (const std::size_t index : planned.indexes) batch.records.push_back(to_send(claimed[index]));
    counters_.attempts_sent += batch.records.size();
    std::vector<ports::SendOutcome> outcomes = ports_.org.send(*planned.mapping, batch);
    outcomes.resize(batch.records.size());
    for (std::size_t i = 0; i < outcomes.size(); ++i) claimed[planned.indexes[i]].outcome = std::move(outcomes[i]);
  }
}

Result<void> OutboundWorker::Impl::write_outcomes(const Mapping& mapping, std::vector<Claimed>& answered) {
  RecordBatch batch(mapping);
  std::vector<std::size_t> indexes;
  for (const Claimed& claimed : answered) {
    const std::string& sfid = claimed.sfid.empty() ? claimed.outcome->sfid : claimed.sfid;
    indexes.push_back(batch.add({claimed.ref.row_id, sfid, {}}));
  }
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = timing_.context(mapping);
  std::vector<Claimed> busy;
  for (std::size_t i = 0; i < answered.size(); ++i) {
    RecordBatch::Entry& entry = batch.at(indexes[i]);
    const rules::Turn turn = batch.turn(indexes[i], context);
    if (entry.record.busy) {
      busy.push_back(answered[i]);
      continue;
    }
    rules::absorb(turn);
    const std::string& token = answered[i].attempt.token;
    const ports::SendOutcome& outcome = *answered[i].outcome;
    switch (outcome.verdict) {
      case ports::Verdict::accepted:
        rules::on_accepted(turn, token, outcome.sfid);
        ++counters_.attempts_accepted;
        break;
      case ports::Verdict::rejected:
        rules::on_rejected(turn, token, outcome.error.value_or(Error{}));
        ++counters_.attempts_rejected;
        break;
      case ports::Verdict::not_sent:
        rules::on_not_sent(turn, token);
        break;
      case ports::Verdict::unknown:
        rules::on_unknown(turn, token);
        ++counters_.attempts_unknown;
        break;
    }
  }
  DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error&) {
    // The row refuses what the org answered (a trigger of the app, a constraint): evidence will tell later.
    if (const Attempt* in_flight = entry.record.lane.in_flight()) {
      rules::on_unknown({entry.record, entry.change, context}, std::string(in_flight->token));
    }
  }));
  DUET_TRY(transaction->commit());
  answered = std::move(busy);
  return {};
}

Result<void> OutboundWorker::Impl::finish() {
  std::vector<Claimed> left;
  for (const Mapping* mapping : mappings_) {
    std::vector<Claimed> answered;
    for (Claimed& claimed : answered_) {
      if (claimed.mapping == mapping) answered.push_back(std::move(claimed));
    }
    if (answered.empty()) continue;
    DUET_TRY(write_outcomes(*mapping, answered));
    std::ranges::move(answered, std::back_inserter(left));
  }
  answered_ = std::move(left);
  return {};
}

Result<Step> OutboundWorker::Impl::step() {
  if (!recovered_) DUET_TRY(recover());
  auto finished = answered_.empty() ? Result<void>{} : finish();
  std::vector<Claimed> claimed;
  bool worked = false;
  if (finished) {
    std::size_t room = settings_.claim_records;
    for (const Mapping* mapping : mappings_) {
      if (room == 0) break;
      std::vector<RecordRef> refs = DUET_TRY(ports_.store.find_pending(*mapping, timing_.now(), room));
      if (refs.empty()) continue;
      room -= std::min(room, refs.size());
      auto result = claim(*mapping, refs, claimed);
      if (result) continue;
      // The claim may have been committed all the same: what is in flight now, and is not sent below, is unknown.
      recovered_ = false;
      if (claimed.empty()) return std::unexpected(result.error());
    }
    worked = !claimed.empty();
    if (worked) {
      send(claimed);
      std::ranges::move(claimed, std::back_inserter(answered_));
      finished = finish();
    }
  }
  if (!finished) {
    // The answers are lost; their attempts are resolved like those of a process that stopped.
    answered_.clear();
    recovered_ = false;
    return std::unexpected(finished.error());
  }
  return Step{worked, kIdleWaitMs};
}

OutboundWorker::OutboundWorker(const Connection& connection, const Settings& settings, OutboundPorts ports,
                               Counters& counters)
    : impl_(std::make_unique<Impl>(connection, settings, ports, counters)) {}

OutboundWorker::~OutboundWorker() = default;

Result<Step> OutboundWorker::step() { return impl_->step(); }

}  // namespace duet::engine
