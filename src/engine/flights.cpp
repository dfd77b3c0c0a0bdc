#include "engine/flights.h"

#include <algorithm>
#include <iterator>

#include "rules/claim.h"

namespace duet::engine {
namespace {

/// Where records wait for a lock, more of them are claimed, so that there is something to send beside them.
constexpr std::size_t kContendedPool = 10;
/// Per record: an object that takes longer is busy with automation.
constexpr double kSlowMs = 5;

ports::SendRecord to_send(const ClaimedAttempt& claimed, bool conditional) {
  ports::SendRecord record;
  record.sfid = claimed.sfid;
  record.external_id = claimed.external_id;
  for (const auto& [name, sent] : claimed.attempt.fields) {
    const MappedField* field = claimed.mapping->find(name);
    // A parent is taken away only by its Id (spec/salesforce-api.md §2.3).
    const bool no_parent = field && field->parent && is_null(sent.value);
    record.fields.emplace(no_parent ? field->parent->reference : name, sent.value);
  }
  if (conditional) record.if_unmodified_since = claimed.attempt.row_stamp;
  return record;
}

/// As the adapter cuts it.
long calls_for(const ports::SendBatch& batch) {
  const auto records = static_cast<long>(batch.records.size());
  if (batch.transport == ports::Transport::single_row) return records;
  const long size = batch.transport == ports::Transport::rows ? ports::kCompositeRows : ports::kSendLimit;
  return (records + size - 1) / size;
}

/// Whether the call failed for a reason that has nothing to do with the record.
bool trouble_of_the_org(const ports::SendOutcome& outcome) {
  if (!outcome.error) return outcome.verdict == ports::Verdict::unknown;
  switch (outcome.error->kind) {
    case ErrorKind::network:
    case ErrorKind::timeout:
    case ErrorKind::throttled:
    case ErrorKind::auth_expired:
    case ErrorKind::outcome_unknown:
      return true;
    default:
      return false;
  }
}

}  // namespace

rules::SendWindow& Flights::window(const Mapping& mapping) {
  const rules::WindowLimits limits{std::min(parts_.settings.send_parallel, parts_.ports.sender.slots()),
                                   ports::kSendLimit, parts_.settings.call_ms};
  return windows_.try_emplace(mapping.object, limits).first->second;
}

const rules::SendWindow* Flights::find_window(const Mapping& mapping) const {
  const auto found = windows_.find(mapping.object);
  return found == windows_.end() ? nullptr : &found->second;
}

std::size_t Flights::calls_of(const Mapping& mapping) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(calls_, [&](const auto& entry) { return entry.second.mapping == &mapping; }));
}

std::size_t Flights::room(const Mapping& mapping) const {
  std::size_t waiting = 0;
  for (const Pool& pool : waiting_) {
    if (pool.mapping == &mapping) waiting += pool.attempts.size();
  }
  const bool contended = contended_.contains(&mapping);
  const std::size_t limit = parts_.settings.claim_records * (contended ? kContendedPool : 1);
  const rules::SendWindow* window = find_window(mapping);
  // Nothing is claimed that could not go out: until then it coalesces where it is.
  if (!contended && window && waiting + calls_of(mapping) > 0 && calls_of(mapping) >= window->parallel()) return 0;
  return waiting >= limit ? 0 : std::min(limit - waiting, parts_.settings.claim_records);
}

void Flights::add(std::vector<ClaimedAttempt> claimed) {
  for (ClaimedAttempt& each : claimed) {
    const bool conditional = rules::conditional(*each.mapping, each.attempt);
    auto pool = std::ranges::find_if(waiting_, [&](const Pool& other) {
      return other.mapping == each.mapping && other.kind == each.attempt.kind && other.conditional == conditional;
    });
    if (pool == waiting_.end()) {
      waiting_.push_back({each.mapping, each.attempt.kind, conditional, {}});
      pool = std::prev(waiting_.end());
    }
    held_.emplace(each.attempt.token, each.ref.row_id);
    pool->attempts.push_back(std::move(each));
  }
}

bool Flights::precedes(const Mapping& first, const Mapping& second) const {
  return std::ranges::find(mappings_, &first) < std::ranges::find(mappings_, &second);
}

bool Flights::must_wait(const Pool& pool) const {
  if (pool.kind != AttemptKind::remove) return false;
  const auto is_child = [&](const Mapping* mapping, AttemptKind kind) {
    return kind == AttemptKind::remove && precedes(*pool.mapping, *mapping) &&
           rules::refers_to(*mapping, pool.mapping->object);
  };
  return std::ranges::any_of(waiting_, [&](const Pool& other) { return is_child(other.mapping, other.kind); }) ||
         std::ranges::any_of(calls_,
                             [&](const auto& entry) { return is_child(entry.second.mapping, entry.second.kind); });
}

/// Objects with creates that have not been answered: a record that names one of theirs by another key than its Id
/// waits.
std::set<std::string> Flights::unborn(const Pool& pool) const {
  std::set<std::string> objects;
  for (const Pool& other : waiting_) {
    if (other.kind == AttemptKind::create && precedes(*other.mapping, *pool.mapping))
      objects.insert(other.mapping->object);
  }
  for (const auto& [ticket, call] : calls_) {
    if (call.kind == AttemptKind::create) objects.insert(call.mapping->object);
  }
  return objects;
}

bool Flights::start_one(Pool& pool) {
  if (must_wait(pool) || calls_.size() >= parts_.ports.sender.slots()) return false;
  if (parts_.ports.governor.circuit_wait(parts_.ports.clock.monotonic()) > 0) return false;
  const rules::SendWindow& window = this->window(*pool.mapping);
  if (calls_of(*pool.mapping) >= window.parallel()) return false;
  const std::set<std::string> unborn = this->unborn(pool);
  std::vector<rules::PlanItem> items;
  for (std::size_t i = 0; i < pool.attempts.size(); ++i) {
    const ClaimedAttempt& claimed = pool.attempts[i];
    if (!unborn.empty() && std::ranges::any_of(rules::named_parents(*pool.mapping, claimed.attempt),
                                               [&](const std::string& object) { return unborn.contains(object); }))
      continue;
    items.push_back(
        {i, rules::locked_parents(*pool.mapping, claimed.attempt, claimed.references, learnt_), claimed.sfid});
  }
  std::size_t records = pool.conditional ? std::min(window.records(), ports::kCompositeRows) : window.records();
  // The parents of a call are out of reach for all others until its end: one transaction's worth, unless the org is
  // quick.
  const bool locks = std::ranges::any_of(items, [](const rules::PlanItem& item) { return !item.parents.empty(); });
  if (locks && window.ms_per_record().value_or(kSlowMs) >= kSlowMs) records = std::min(records, ports::kCollectionSize);
  const std::vector<std::size_t> indexes = rules::next_call(items, locked_, {records});
  if (indexes.empty()) {
    if (!items.empty()) contended_.insert(pool.mapping);
    return false;
  }
  launch(pool, indexes);
  return true;
}

void Flights::launch(Pool& pool, const std::vector<std::size_t>& indexes) {
  Call call{pool.mapping, pool.kind, {}, {}, parts_.ports.clock.monotonic()};
  ports::SendBatch batch;
  batch.kind = pool.kind;
  batch.token = pool.attempts[indexes.front()].attempt.token;
  const bool few = indexes.size() < parts_.settings.collection_from;
  batch.transport = !pool.conditional     ? (few ? ports::Transport::single_row : ports::Transport::collection)
                    : indexes.size() == 1 ? ports::Transport::single_row
                                          : ports::Transport::rows;
  std::set<std::size_t> taken(indexes.begin(), indexes.end());
  std::set<std::string> locks;
  for (const std::size_t index : indexes) {
    ClaimedAttempt& claimed = pool.attempts[index];
    batch.records.push_back(to_send(claimed, pool.conditional));
    if (!claimed.sfid.empty()) locks.insert(claimed.sfid);
    for (std::string& parent : rules::locked_parents(*pool.mapping, claimed.attempt, claimed.references, learnt_))
      locks.insert(std::move(parent));
    // Many records are under way at a time, and the batch has the values.
    claimed.attempt.fields.clear();
    call.attempts.push_back(std::move(claimed));
  }
  std::deque<ClaimedAttempt> left;
  for (std::size_t i = 0; i < pool.attempts.size(); ++i) {
    if (!taken.contains(i)) left.push_back(std::move(pool.attempts[i]));
  }
  pool.attempts = std::move(left);
  call.locks.assign(locks.begin(), locks.end());
  locked_.insert(call.locks.begin(), call.locks.end());
  parts_.counters.attempts_sent += batch.records.size();
  const rules::CallClass call_class =
      batch.records.size() > kMassChange ? rules::CallClass::outbound : rules::CallClass::edits;
  parts_.ports.governor.called(call_class, calls_for(batch), call.started_at);
  const std::uint64_t ticket = ++last_ticket_;
  calls_.emplace(ticket, std::move(call));
  parts_.ports.sender.start(ticket, *pool.mapping, std::move(batch));
}

std::size_t Flights::start() {
  std::size_t started = 0;
  if (idle()) contended_.clear();
  for (bool more = true; more;) {
    more = false;
    for (Pool& pool : waiting_) {
      if (pool.attempts.empty() || !start_one(pool)) continue;
      ++started;
      more = true;
    }
    std::erase_if(waiting_, [](const Pool& pool) { return pool.attempts.empty(); });
  }
  return started;
}

void Flights::judge(const Call& call, const std::vector<ports::SendOutcome>& outcomes) {
  rules::Answer answer{call.attempts.size(), call.started_at, parts_.ports.clock.monotonic(), 0, false, false};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    answer.lost |= outcomes[i].verdict == ports::Verdict::unknown;
    if (!outcomes[i].error) continue;
    const Error& error = *outcomes[i].error;
    if (error.kind == ErrorKind::throttled)
      (error.code.starts_with("CANNOT_") ? answer.heavy : answer.throttled) = true;
    if (error.kind != ErrorKind::row_locked) continue;
    ++answer.locked;
    learnt_.learn(*call.mapping, call.attempts[i].references, error.message);
  }
  window(*call.mapping).answered(answer);
  parts_.ports.governor.observe(parts_.ports.org.api_usage(), answer.ended_at);
  const bool failed = std::ranges::all_of(outcomes, trouble_of_the_org);
  std::optional<Error> trouble;
  if (failed && !outcomes.empty())
    trouble = outcomes.front().error.value_or(Error{ErrorKind::outcome_unknown, {}, {}, {}, nullptr, {}});
  parts_.ports.governor.answered(trouble ? &*trouble : nullptr, answer.ended_at);
}

void Flights::forget(const std::vector<ClaimedAttempt>& attempts) {
  for (const ClaimedAttempt& each : attempts) {
    held_.erase({each.attempt.token, each.ref.row_id});
  }
}

std::vector<ClaimedAttempt> Flights::answered(TimeMs wait_ms) {
  std::vector<ClaimedAttempt> all;
  if (calls_.empty()) return all;
  for (ports::Sent& sent : parts_.ports.sender.answered(wait_ms)) {
    const auto found = calls_.find(sent.ticket);
    if (found == calls_.end()) continue;
    Call call = std::move(found->second);
    calls_.erase(found);
    for (const std::string& lock : call.locks) locked_.erase(locked_.find(lock));
    sent.outcomes.resize(call.attempts.size());
    judge(call, sent.outcomes);
    forget(call.attempts);
    for (std::size_t i = 0; i < call.attempts.size(); ++i) {
      call.attempts[i].outcome = std::move(sent.outcomes[i]);
      all.push_back(std::move(call.attempts[i]));
    }
  }
  return all;
}

std::vector<ClaimedAttempt> Flights::withdraw() {
  std::vector<ClaimedAttempt> all;
  for (Pool& pool : waiting_) {
    for (ClaimedAttempt& claimed : pool.attempts) {
      claimed.outcome.emplace();
      claimed.outcome->verdict = ports::Verdict::not_sent;
      all.push_back(std::move(claimed));
    }
  }
  waiting_.clear();
  forget(all);
  return all;
}

std::optional<double> Flights::ms_per_record(const Mapping& mapping) const {
  const rules::SendWindow* window = find_window(mapping);
  return window ? window->ms_per_record() : std::nullopt;
}

TimeMs Flights::oldest_ms() const {
  const TimeMs now = parts_.ports.clock.monotonic();
  TimeMs oldest = 0;
  for (const auto& [ticket, call] : calls_) oldest = std::max(oldest, now - call.started_at);
  return oldest;
}

}  // namespace duet::engine
