#include "engine/settle.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/record_batch.h"
#include "engine/stale_marks.h"
#include "engine/timing.h"
#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/event.h"
#include "rules/read.h"

namespace duet::engine {
namespace {

constexpr TimeMs kIdleWaitMs = 250;
constexpr TimeMs kLongestWaitMs = 1'000;
constexpr TimeMs kPurgeEveryMs = 3'600'000;

/// A lane that is to be read back, as it was when the read began.
struct Reading {
  RecordRef ref;
  std::int64_t revision = 0;
  std::string sfid;
  std::string key;
  TimeMs previous_stamp = 0;
  TimeMs began_at = 0;  ///< org clock
  /// A create of a record that no external id tells from others: looked for by what was sent.
  std::optional<Attempt> create;
};

std::vector<const RecordRead*> matching(const Mapping& mapping, const std::vector<RecordRead>& reads,
                                        const std::string& key) {
  std::vector<const RecordRead*> matches;
  const MappedField* field = mapping.find(mapping.upsert_field);
  for (const RecordRead& read : reads) {
    if (field && rules::same_key(field->schema, rules::key_text(value_of(read.fields, field->schema.name)), key))
      matches.push_back(&read);
  }
  return matches;
}

}  // namespace

class SettleWorker::Impl {
 public:
  Impl(const Connection& connection, const Settings& settings, SettlePorts ports, const StreamHorizon& horizon,
       Counters& counters)
      : connection_(connection),
        settings_(settings),
        ports_(ports),
        horizon_(horizon),
        counters_(counters),
        timing_(connection, settings, ports.clock, ports.store, ports.org),
        graph_(connection.mappings),
        stale_(graph_) {}

  Result<Step> step();

 private:
  TimeMs passed_until(const Mapping& mapping, TimeMs now) const {
    return mapping.source == InboundSource::poll ? now - rules::kVersionAgeMs : horizon_.passed_until();
  }
  Result<std::vector<Reading>> begin_readings(const Mapping& mapping, const std::vector<RecordRef>& refs);
  Result<void> settle(const Mapping& mapping, const std::vector<Reading>& readings);
  void judge(const rules::Turn& turn, const Reading& reading, const std::vector<RecordRead>& reads,
             const std::vector<RecordRead>& by_key);
  void judge_create(const rules::Turn& turn, const Reading& reading, const std::vector<RecordRead>& evidence);
  Result<std::vector<RecordRead>> made_by_us(const Mapping& mapping, const std::vector<Reading>& readings);
  static Result<std::set<std::string>> known_records(ports::StoreTransaction& transaction, const Mapping& mapping,
                                                     const std::vector<RecordRead>& made);
  void back_off(const rules::Turn& turn, std::string_view reason);

  const Connection& connection_;
  const Settings& settings_;
  SettlePorts ports_;
  const StreamHorizon& horizon_;
  Counters& counters_;
  Timing timing_;
  rules::FormulaGraph graph_;
  StaleMarks stale_;
  TimeMs purged_at_ = 0;
};

Result<std::vector<Reading>> SettleWorker::Impl::begin_readings(const Mapping& mapping,
                                                                const std::vector<RecordRef>& refs) {
  RecordBatch batch(mapping);
  for (const RecordRef& ref : refs) batch.add(ref);
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = timing_.context(mapping);
  std::vector<Reading> readings;
  for (RecordBatch::Entry& entry : batch.entries()) {
    const Lane& lane = entry.record.lane;
    if (lane.not_before > context.now || (lane.attempts.empty() && !lane.dirty)) continue;
    if (!rules::readable(lane, context.now, passed_until(mapping, context.now), settings_.request_limit_ms)) continue;
    Reading reading;
    reading.began_at = timing_.org_now();
    reading.ref = {entry.record.row ? std::optional(entry.record.row->id) : lane.row_id, lane.sfid, {}};
    reading.revision = lane.revision;
    reading.sfid = lane.sfid;
    reading.key = lane.external_id;
    if (mapping.upsert_field.empty() && lane.sfid.empty() && !lane.attempts.empty() &&
        lane.attempts.front().kind == AttemptKind::create)
      reading.create = lane.attempts.front();
    if (entry.record.row) {
      if (reading.sfid.empty()) reading.sfid = entry.record.row->sfid;
      const auto* stamp = std::get_if<DateTime>(&value_of(entry.record.row->values, "SystemModstamp"));
      reading.previous_stamp = stamp ? stamp->ms : 0;
    }
    readings.push_back(std::move(reading));
  }
  return readings;
}

void SettleWorker::Impl::back_off(const rules::Turn& turn, std::string_view reason) {
  Lane& lane = turn.lane();
  turn.change.lane_changed = true;
  const int reads = lane.dirty ? lane.dirty->reads : 1;
  lane.not_before =
      turn.context.now + std::min(settings_.retry_limit_ms, settings_.retry_base_ms << std::min(reads, 6));
  if (reads != settings_.dirty_reads_before_issue) return;
  Issue issue;
  issue.kind = "unreadable";
  issue.state = "open";
  issue.code = "RECORD_NOT_APPLIED";
  issue.message = "The record cannot be brought into the table: " + std::string(reason) +
                  ". Duet goes on trying; other records are not held up.";
  turn.change.issues.push_back(std::move(issue));
}

void SettleWorker::Impl::judge(const rules::Turn& turn, const Reading& reading, const std::vector<RecordRead>& reads,
                               const std::vector<RecordRead>& by_key) {
  rules::ReadVerdict verdict = rules::ReadVerdict::again;
  auto read_later = [&] {
    turn.lane().not_before = turn.context.now + rules::kVersionAgeMs;
    turn.change.lane_changed = true;
  };
  if (!reading.sfid.empty()) {
    auto read = std::ranges::find(reads, reading.sfid, &RecordRead::sfid);
    RecordRead gone;
    gone.sfid = reading.sfid;
    gone.deleted = true;
    RecordRead seen = read == reads.end() ? gone : *read;
    if (seen.stamp == 0) seen.stamp = timing_.org_now();
    seen.previous_stamp = reading.previous_stamp;
    if (rules::too_young(turn.mapping(), seen, reading.began_at)) return read_later();
    verdict = rules::on_read_back(turn, seen, reading.revision);
  } else {
    const std::vector<const RecordRead*> matches = matching(turn.mapping(), by_key, reading.key);
    if (matches.size() > 1) {
      rules::park_ambiguous(turn, matches);
      return;
    }
    if (!matches.empty() && rules::too_young(turn.mapping(), *matches.front(), reading.began_at)) return read_later();
    verdict = matches.empty() ? rules::on_key_missing(turn, reading.revision)
                              : rules::on_read_back(turn, *matches.front(), reading.revision);
  }
  ++counters_.reads_back;
  if (verdict == rules::ReadVerdict::again && turn.lane().dirty) back_off(turn, turn.lane().dirty->reason);
}

void SettleWorker::Impl::judge_create(const rules::Turn& turn, const Reading& reading,
                                      const std::vector<RecordRead>& evidence) {
  ++counters_.reads_back;
  const rules::ReadVerdict verdict = evidence.empty() ? rules::on_key_missing(turn, reading.revision)
                                                      : rules::on_read_back(turn, evidence.front(), reading.revision);
  if (verdict == rules::ReadVerdict::again && turn.lane().dirty) back_off(turn, turn.lane().dirty->reason);
}

/// Records that our user has written since the oldest of these creates went out.
Result<std::vector<RecordRead>> SettleWorker::Impl::made_by_us(const Mapping& mapping,
                                                               const std::vector<Reading>& readings) {
  std::optional<TimeMs> since;
  for (const Reading& reading : readings) {
    if (reading.sfid.empty() && reading.create)
      since = std::min(since.value_or(reading.create->sent_at), reading.create->sent_at);
  }
  std::vector<RecordRead> made;
  if (!since) return made;
  const TimeMs ahead = timing_.org_now() - timing_.now();
  TimeMs from = *since + ahead - rules::kVersionAgeMs;
  const TimeMs to = timing_.org_now() + rules::kVersionAgeMs;
  std::string after_id;
  for (;;) {
    const ports::ReadPage page = DUET_TRY(ports_.org.changed(mapping, from, to, after_id));
    for (const RecordRead& read : page.records) {
      if (!read.deleted && (read.actor.empty() || read.actor == connection_.identity.user_id)) made.push_back(read);
    }
    if (page.records.empty() || page.done) return made;
    from = page.records.back().stamp;
    after_id = page.records.back().sfid;
  }
}

/// Which of them the table has already.
Result<std::set<std::string>> SettleWorker::Impl::known_records(ports::StoreTransaction& transaction,
                                                                const Mapping& mapping,
                                                                const std::vector<RecordRead>& made) {
  std::set<std::string> known;
  if (made.empty()) return known;
  std::vector<RecordRef> refs;
  for (const RecordRead& read : made) refs.push_back({std::nullopt, read.sfid, {}});
  for (const Record& record : DUET_TRY(transaction.lock(mapping, refs))) {
    if (record.row || record.busy || !record.lane.empty()) known.insert(record.ref.sfid);
  }
  return known;
}

Result<void> SettleWorker::Impl::settle(const Mapping& mapping, const std::vector<Reading>& readings) {
  std::vector<std::string> sfids;
  std::vector<std::string> keys;
  for (const Reading& reading : readings) {
    if (!reading.sfid.empty()) {
      sfids.push_back(reading.sfid);
    } else if (!reading.key.empty()) {
      keys.push_back(reading.key);
    }
  }
  ports_.governor.called(rules::CallClass::catch_up, (sfids.empty() ? 0 : 1) + (keys.empty() ? 0 : 1),
                         ports_.clock.monotonic());
  std::vector<RecordRead> reads;
  if (!sfids.empty()) reads = DUET_TRY(ports_.org.read(mapping, sfids));
  std::vector<RecordRead> by_key;
  if (!keys.empty()) by_key = DUET_TRY(ports_.org.read_by_key(mapping, keys));

  RecordBatch batch(mapping);
  for (const Reading& reading : readings) {
    RecordRef ref = reading.ref;
    // Marks that were set under an Id before it was known to be this record's come along.
    if (ref.sfid.empty() && !by_key.empty()) {
      const std::vector<const RecordRead*> matches = matching(mapping, by_key, reading.key);
      if (matches.size() == 1) ref.sfid = matches.front()->sfid;
    }
    // A record that came from a create of ours whose answer was lost belongs to that create's lane.
    const auto read = std::ranges::find(reads, reading.sfid, &RecordRead::sfid);
    if (!ref.row_id && read != reads.end())
      ref.external_id = rules::key_text(value_of(read->fields, mapping.upsert_field));
    batch.add(ref);
  }
  const std::vector<RecordRead> made = DUET_TRY(made_by_us(mapping, readings));
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(batch.lock(*transaction));
  const std::set<std::string> known = DUET_TRY(known_records(*transaction, mapping, made));
  const rules::Context context = timing_.context(mapping);
  std::set<std::string> taken = known;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (!readings[i].sfid.empty() || !readings[i].create) {
      judge(batch.turn(i, context), readings[i], reads, by_key);
      continue;
    }
    std::vector<RecordRead> evidence;
    for (const RecordRead& each : made) {
      if (!taken.contains(each.sfid) && rules::holds_what_was_sent(mapping, *readings[i].create, each))
        evidence.push_back(each);
    }
    // Records that hold the same are the same to the app: any of them is its row's.
    if (evidence.size() > 1) evidence.resize(1);
    for (const RecordRead& each : evidence) taken.insert(each.sfid);
    judge_create(batch.turn(i, context), readings[i], evidence);
  }
  for (const RecordBatch::Entry& entry : batch.entries()) {
    count(counters_, entry.change);
    if (entry.record.lane.attempts.empty() && !entry.before.lane.attempts.empty()) ++counters_.attempts_settled;
  }
  DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error& error) {
    const rules::Turn turn{entry.record, entry.change, context};
    if (!entry.record.lane.dirty) entry.record.lane.dirty = Dirty{std::string(name_of(error.kind)), context.now, 0};
    ++entry.record.lane.dirty->reads;
    entry.change.lane_changed = true;
    back_off(turn, policy_of(error.kind).hint);
  }));
  stale_.clear();
  for (const RecordBatch::Entry& entry : batch.entries()) stale_.note_read(mapping, entry);
  DUET_TRY(stale_.write(*transaction, context.now));
  return transaction->commit();
}

Result<Step> SettleWorker::Impl::step() {
  const TimeMs now = timing_.now();
  ports_.governor.observe(ports_.org.api_usage(), ports_.clock.monotonic());
  const TimeMs held_back = ports_.governor.wait(rules::CallClass::catch_up, false, ports_.clock.monotonic());
  if (held_back > 0) return Step{false, std::min(held_back, kLongestWaitMs)};
  bool worked = false;
  for (const Mapping& mapping : connection_.mappings) {
    const TimeMs passed = passed_until(mapping, now);
    const ports::UnsettledQuery query{now, passed, std::min(now, passed) - settings_.request_limit_ms};
    const std::vector<RecordRef> refs = DUET_TRY(ports_.store.find_unsettled(mapping, query, settings_.read_records));
    if (refs.empty()) continue;
    std::vector<Reading> readings = DUET_TRY(begin_readings(mapping, refs));
    if (readings.empty()) continue;
    // Records without an Id first: one of the others may turn out to be the same record.
    const auto with_id =
        std::ranges::stable_partition(readings, [](const Reading& reading) { return reading.sfid.empty(); });
    const std::vector<Reading> by_id(with_id.begin(), with_id.end());
    readings.erase(with_id.begin(), with_id.end());
    if (!readings.empty()) DUET_TRY(settle(mapping, readings));
    if (!by_id.empty()) DUET_TRY(settle(mapping, by_id));
    worked = true;
  }
  if (now - purged_at_ > kPurgeEveryMs) {
    purged_at_ = now;
    auto transaction = DUET_TRY(ports_.store.begin());
    for (const Mapping& mapping : connection_.mappings) (void)DUET_TRY(transaction->purge_tombstones(mapping, now));
    DUET_TRY(transaction->commit());
  }
  return Step{worked, kIdleWaitMs};
}

SettleWorker::SettleWorker(const Connection& connection, const Settings& settings, SettlePorts ports,
                           const StreamHorizon& horizon, Counters& counters)
    : impl_(std::make_unique<Impl>(connection, settings, ports, horizon, counters)) {}

SettleWorker::~SettleWorker() = default;

Result<Step> SettleWorker::step() { return impl_->step(); }

}  // namespace duet::engine
