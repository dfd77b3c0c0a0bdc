#include "rules/claim.h"

#include <algorithm>
#include <set>

#include "model/breaker.h"
#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/match.h"
#include "rules/merge.h"
#include "rules/parent.h"
#include "rules/settle.h"

namespace duet::rules {
namespace {

/// How long a change of the org counts as recent. On objects with events an unconditional write loses nothing, so what
/// has waited longer than kContestedLimitMs goes out as it is.
constexpr TimeMs kContestedMs = 5'000;
constexpr TimeMs kContestedLimitMs = 30'000;
constexpr TimeMs kSettleWaitMs = 200;

/// LastModifiedDate has whole seconds: a younger version could be overwritten within its own second (design §5 rule 5).
constexpr TimeMs kConditionalAgeMs = 2'000;

bool may_claim(const Turn& turn) {
  const Lane& lane = turn.lane();
  if (turn.record.busy || lane.dirty || !lane.parked.empty() || lane.not_before > turn.context.now) return false;
  return std::ranges::all_of(lane.attempts,
                             [](const Attempt& attempt) { return attempt.state == AttemptState::accepted; });
}

const Attempt* last_attempt_on(const Lane& lane, std::string_view field) {
  for (auto attempt = lane.attempts.rbegin(); attempt != lane.attempts.rend(); ++attempt) {
    if (attempt->fields.contains(field)) return &*attempt;
  }
  return nullptr;
}

/// "Unchanged" compares with the last value sent, not with base: the org will hold that one.
bool unchanged(const Turn& turn, const MappedField& field, const Value& value, const PendingField& pending) {
  if (const Attempt* last = last_attempt_on(turn.lane(), field.schema.name)) {
    return equal(field.schema, value, last->fields.find(field.schema.name)->second.value);
  }
  return equal(field.schema, value, pending.base);
}

const Attempt* push(const Turn& turn, Attempt attempt, const std::string& token) {
  Lane& lane = turn.lane();
  name_parents_once(turn.mapping(), attempt);
  attempt.token = token;
  attempt.state = AttemptState::sent;
  attempt.sent_at = turn.context.now;
  attempt.row_stamp = row_stamp(turn.record);
  lane.attempts.push_back(std::move(attempt));
  touch(turn);
  return &lane.attempts.back();
}

const Attempt* claim_remove(const Turn& turn, const ClaimNames& names) {
  Lane& lane = turn.lane();
  if (lane.sfid.empty()) {
    if (lane.attempts.empty()) {
      turn.change.log.push_back({lane.pending_delete->log_id, LogState::ignored, {}});
      lane.pending_delete.reset();
      turn.change.lane_changed = true;
    }
    return nullptr;
  }
  if (turn.context.hold_deletes && !lane.pending_delete->approved) {
    lane.parked = kHeldByBreaker;
    turn.change.lane_changed = true;
    return nullptr;
  }
  Attempt attempt;
  attempt.kind = AttemptKind::remove;
  attempt.removal = std::move(lane.pending_delete);
  attempt.log.push_back({attempt.removal->log_id, {}});
  lane.pending_delete.reset();
  return push(turn, std::move(attempt), names.token);
}

/// The external id goes out in the URL or as the key of the record, never as a changed field.
bool is_key(const Turn& turn, const MappedField& field) {
  return equals_ignoring_case(field.schema.name, turn.mapping().upsert_field);
}

void mint_key(const Turn& turn, const ClaimNames& names) {
  const MappedField* field = turn.mapping().find(turn.mapping().upsert_field);
  if (!field) return;
  Lane& lane = turn.lane();
  if (const Value& key = row_value(turn, field->schema.name); !is_null(key) && !is_absent(key)) {
    lane.external_id = key_text(key);
    return;
  }
  std::string key = names.key;
  if (field->schema.length > 0 && key.size() > static_cast<std::size_t>(field->schema.length))
    key.resize(field->schema.length);
  set_row(turn, field->schema.name, key);
  lane.external_id = key;
  lane.key_checked = true;
}

/// What an ordered mapping's captured change wrote; else, and where the log does not tell, what the row has.
const Value& written_value(const Turn& turn, const PendingLog& log, std::string_view field) {
  const Value& written = value_of(log.values, field);
  return is_absent(written) ? row_value(turn, field) : written;
}

void drop_unnamed(Lane& lane) {
  std::erase_if(lane.pending, [&](const auto& pending) {
    return std::ranges::none_of(lane.log, [&](const PendingLog& log) {
      return std::ranges::find(log.fields, pending.first) != log.fields.end();
    });
  });
}

/// Moves what the attempt carries out of the lane: everything, or the oldest captured change of an ordered mapping.
void take_pending(const Turn& turn, Attempt& attempt) {
  Lane& lane = turn.lane();
  if (!turn.mapping().ordered || lane.log.size() < 2) {
    attempt.log = std::move(lane.log);
    lane.log.clear();
    lane.pending.clear();
    return;
  }
  attempt.log.push_back(std::move(lane.log.front()));
  lane.log.erase(lane.log.begin());
  drop_unnamed(lane);
  for (auto& [name, pending] : lane.pending) {
    const auto sent = attempt.fields.find(name);
    if (sent != attempt.fields.end()) pending.base = sent->second.value;
  }
}

const Attempt* claim_create(const Turn& turn, const ClaimNames& names) {
  Lane& lane = turn.lane();
  if (!lane.attempts.empty()) return nullptr;
  mint_key(turn, names);
  Attempt attempt;
  attempt.kind = AttemptKind::create;
  const bool in_order = turn.mapping().ordered && !lane.log.empty();
  for (const MappedField& field : turn.mapping().fields) {
    if (in_order && !lane.log.front().values.empty() && !lane.log.front().values.contains(field.schema.name)) continue;
    const Value& value =
        in_order ? written_value(turn, lane.log.front(), field.schema.name) : row_value(turn, field.schema.name);
    if (is_absent(value) || is_null(value) || !writable(field, true) || is_key(turn, field)) continue;
    SentField sent{value, Absent{}, {turn.context.database_now, turn.context.database_now}};
    if (auto pending = lane.pending.find(field.schema.name); pending != lane.pending.end()) {
      sent.base = pending->second.base;
      sent.changed_at = pending->second.changed_at;
    }
    attempt.fields.emplace(field.schema.name, std::move(sent));
  }
  take_pending(turn, attempt);
  lane.pending_create = false;
  return push(turn, std::move(attempt), names.token);
}

/// A group is written whole, with the time of its newest member: the org never holds a mixture made by us, and our own
/// event tells of all members.
void add_groups(const Turn& turn, Attempt& attempt) {
  const Lane& lane = turn.lane();
  for (const FieldGroup& group : turn.mapping().groups) {
    TimeInterval newest;
    bool sent = false;
    for (const std::string& name : group.fields) {
      const auto field = attempt.fields.find(name);
      if (field == attempt.fields.end()) continue;
      sent = true;
      if (field->second.changed_at.from >= newest.from) newest = field->second.changed_at;
    }
    if (!sent) continue;
    for (const std::string& name : group.fields) {
      const MappedField* field = turn.mapping().find(name);
      const Value& value = row_value(turn, name);
      if (!field || is_absent(value) || !writable(*field, false) || lane.frozen.contains(name)) continue;
      const auto pending = lane.pending.find(name);
      const Value base = pending != lane.pending.end() ? pending->second.base : last_sent(lane, *field, value);
      auto entry = attempt.fields.try_emplace(name, SentField{value, base, newest}).first;
      entry->second.changed_at = newest;
    }
  }
}

/// Without a stream an overwritten value would leave no trace; with one, both sides at work on a record at the same
/// time would often cover each other (design §5 rule 5). Not where the app has the last word anyway.
bool wants_condition(const Turn& turn, const Attempt& attempt) {
  const Mapping& mapping = turn.mapping();
  if (attempt.kind != AttemptKind::update) return false;
  const bool last_word = std::ranges::all_of(
      attempt.fields, [&](const auto& sent) { return mapping.policy_for(sent.first) == ConflictPolicy::postgres; });
  if (last_word) return false;
  if (mapping.source == InboundSource::poll) return true;
  const TimeMs contested_at = turn.lane().contested_at;
  if (contested_at == 0 || turn.context.now - contested_at >= kContestedMs) return false;
  return std::ranges::none_of(attempt.fields, [&](const auto& sent) {
    return turn.context.database_now - sent.second.changed_at.from > kContestedLimitMs;
  });
}

/// The version that a condition names must be known, and older than its own second: it could not be told from its
/// successor. False: not yet.
bool may_go(const Turn& turn, Attempt& attempt) {
  attempt.conditional = wants_condition(turn, attempt);
  if (!attempt.conditional) return true;
  Lane& lane = turn.lane();
  const TimeMs known_since = turn.context.database_now + turn.context.offset_ms - row_stamp(turn.record);
  TimeMs wait = 0;
  if (known_since < kConditionalAgeMs) wait = kConditionalAgeMs - known_since;
  // Our own write before has made a version that its event will tell.
  if (turn.mapping().source == InboundSource::events && !lane.attempts.empty()) wait = std::max(wait, kSettleWaitMs);
  if (wait == 0) return true;
  lane.not_before = turn.context.now + wait;
  turn.change.lane_changed = true;
  return false;
}

const Attempt* claim_update(const Turn& turn, const ClaimNames& names) {
  Lane& lane = turn.lane();
  Attempt attempt;
  std::vector<std::string> nothing_to_send;
  for (const auto& [name, pending] : lane.pending) {
    const MappedField* field = turn.mapping().find(name);
    const Value& value = row_value(turn, name);
    if (!field || is_absent(value) || unchanged(turn, *field, value, pending)) {
      nothing_to_send.push_back(name);
      continue;
    }
    attempt.fields.emplace(name, SentField{value, pending.base, pending.changed_at});
  }
  add_groups(turn, attempt);
  for (const std::string& name : nothing_to_send) {
    if (!attempt.fields.contains(name)) drop_pending(turn, name);
  }
  if (!attempt.fields.empty() && !may_go(turn, attempt)) return nullptr;
  if (attempt.fields.empty()) {
    mark_synced_if_at_rest(turn);
    return nullptr;
  }
  take_pending(turn, attempt);
  return push(turn, std::move(attempt), names.token);
}

/// Takes away captured changes that would be sent in their turn and say nothing new.
void skip_unchanged(const Turn& turn) {
  Lane& lane = turn.lane();
  while (!lane.log.empty()) {
    PendingLog& next = lane.log.front();
    std::erase_if(next.fields, [&](const std::string& name) {
      const MappedField* field = turn.mapping().find(name);
      const auto pending = lane.pending.find(name);
      return !field || pending == lane.pending.end() ||
             unchanged(turn, *field, written_value(turn, next, name), pending->second);
    });
    if (!next.fields.empty()) return;
    turn.change.log.push_back({next.log_id, LogState::ignored, {}});
    turn.change.lane_changed = true;
    lane.log.erase(lane.log.begin());
    drop_unnamed(lane);
  }
}

const Attempt* claim_next_update(const Turn& turn, const ClaimNames& names) {
  Lane& lane = turn.lane();
  skip_unchanged(turn);
  if (lane.log.empty()) {
    mark_synced_if_at_rest(turn);
    return nullptr;
  }
  const PendingLog& next = lane.log.front();
  Attempt attempt;
  for (const std::string& name : next.fields) {
    attempt.fields.emplace(
        name, SentField{written_value(turn, next, name), lane.pending.find(name)->second.base, next.changed_at});
  }
  if (!may_go(turn, attempt)) return nullptr;
  take_pending(turn, attempt);
  return push(turn, std::move(attempt), names.token);
}

}  // namespace

bool conditional(const Mapping&, const Attempt& attempt) { return attempt.conditional; }

std::string key_to_look_up(const Record& record, const Mapping& mapping) {
  if (mapping.upsert_field.empty() || !record.row || !record.row->sfid.empty() || record.lane.key_checked) return {};
  return key_text(value_of(record.row->values, mapping.find(mapping.upsert_field)->schema.name));
}

void on_key_free(const Turn& turn) {
  turn.lane().key_checked = true;
  turn.change.lane_changed = true;
}

const Attempt* claim(const Turn& turn, const ClaimNames& names) {
  if (turn.record.busy) return nullptr;
  absorb(turn);
  if (!may_claim(turn)) return nullptr;
  Lane& lane = turn.lane();
  if (lane.pending_delete) return claim_remove(turn, names);
  if (!turn.record.row || (lane.pending.empty() && !lane.pending_create)) {
    mark_synced_if_at_rest(turn);
    return nullptr;
  }
  if (!turn.record.row->sfid.empty())
    return turn.mapping().ordered ? claim_next_update(turn, names) : claim_update(turn, names);
  const bool looked_up =
      key_to_look_up(turn.record, turn.mapping()).empty() && match_to_look_up(turn.record, turn.mapping()).empty();
  return looked_up ? claim_create(turn, names) : nullptr;
}

void requeue(const Turn& turn, const std::string& token) {
  Lane& lane = turn.lane();
  auto attempt = std::ranges::find(lane.attempts, token, &Attempt::token);
  if (attempt == lane.attempts.end()) return;
  if (attempt->kind == AttemptKind::remove) {
    if (!lane.pending_delete) lane.pending_delete = attempt->removal;
  } else if (lane.pending_delete) {
    // The app deleted the row meanwhile: there is nothing to send again.
    for (const PendingLog& log : attempt->log) turn.change.log.push_back({log.log_id, LogState::merged, {}});
  } else {
    std::set<std::string, std::less<>> left;
    for (const auto& [name, sent] : attempt->fields) {
      // What waits for a person's decision does not go out again; what only went along with its group goes along again.
      const MappedField* field = turn.mapping().find(name);
      const bool along = field && turn.mapping().group_of(name) && equal(field->schema, sent.value, sent.base);
      if (lane.frozen.contains(name) || (along && !lane.pending.contains(name))) {
        left.insert(name);
        continue;
      }
      auto [pending, fresh] = lane.pending.try_emplace(name, PendingField{sent.base, sent.changed_at});
      if (!fresh) pending->second.base = sent.base;
    }
    std::vector<PendingLog> log = attempt->log;
    std::erase_if(log, [&](PendingLog& each) {
      if (std::erase_if(each.fields, [&](const std::string& name) { return left.contains(name); }) == 0) return false;
      if (!each.fields.empty()) return false;
      turn.change.log.push_back({each.log_id, LogState::ignored, {}});
      return true;
    });
    lane.log.insert(lane.log.begin(), log.begin(), log.end());
    if (attempt->kind == AttemptKind::create) lane.pending_create = true;
  }
  lane.attempts.erase(attempt);
  // It never ran: what was held for it is an ordinary change of the org. Left behind, it would be taken for newer than
  // what a page read brings.
  if (turn.record.row && !lane.dirty) release_orphans(turn);
  touch(turn);
}

}  // namespace duet::rules
