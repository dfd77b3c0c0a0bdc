#include "engine/held_records.h"

#include <algorithm>

#include "engine/record_batch.h"
#include "rules/breaker.h"
#include "rules/capture.h"
#include "rules/parent.h"

namespace duet::engine {
namespace {

constexpr TimeMs kLookEveryMs = 1'000;

/// Takes a turn with each of the records in one transaction. Refused ones stay as they are.
template <class TakeTurn>
Result<void> with_each(const OutboundParts& parts, const Mapping& mapping, const std::vector<RecordRef>& refs,
                       TakeTurn take_turn) {
  RecordBatch batch(mapping);
  for (const RecordRef& ref : refs) batch.add(ref);
  auto transaction = DUET_TRY(parts.ports.store.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = parts.timing.context(mapping);
  for (RecordBatch::Entry& entry : batch.entries()) {
    if (!entry.record.busy) take_turn(rules::Turn{entry.record, entry.change, context});
  }
  DUET_TRY(batch.write(*transaction, [](RecordBatch::Entry&, std::size_t, const Error&) {}));
  return transaction->commit();
}

}  // namespace

Result<void> HeldRecords::forget_abandoned(const Mapping& mapping) {
  const std::vector<RecordRef> refs =
      DUET_TRY(parts_.ports.store.find_abandoned(mapping, parts_.settings.claim_records));
  if (refs.empty()) return {};
  return with_each(parts_, mapping, refs, [](const rules::Turn& turn) { rules::absorb(turn); });
}

Result<bool> HeldRecords::release_children(const Mapping& mapping) {
  bool released = false;
  for (const MappedField& field : mapping.fields) {
    if (!field.parent) continue;
    const auto parent =
        std::ranges::find(mappings_, field.parent->object, [](const Mapping* each) { return each->object; });
    const std::vector<RecordRef> refs =
        DUET_TRY(parts_.ports.store.find_released(mapping, field, parent == mappings_.end() ? nullptr : *parent,
                                                  parts_.timing.now(), parts_.settings.claim_records));
    if (refs.empty()) continue;
    DUET_TRY(with_each(parts_, mapping, refs, [](const rules::Turn& turn) {
      rules::absorb(turn);
      rules::release_from_parent(turn);
    }));
    released = true;
  }
  return released;
}

Result<bool> HeldRecords::carry_out_decision(const Mapping& mapping) {
  const Breaker decided = DUET_TRY(parts_.ports.store.breaker(mapping));
  if (decided.state != BreakerState::approved && decided.state != BreakerState::discarded) return false;
  const std::vector<RecordRef> refs =
      DUET_TRY(parts_.ports.store.find_parked(mapping, kHeldByBreaker, parts_.settings.claim_records));
  if (!refs.empty()) {
    const bool approved = decided.state == BreakerState::approved;
    DUET_TRY(with_each(parts_, mapping, refs, [&](const rules::Turn& turn) {
      approved ? rules::approve_delete(turn) : rules::discard_delete(turn);
    }));
    due_at_ = 0;
    return true;
  }
  auto transaction = DUET_TRY(parts_.ports.store.begin());
  const Breaker breaker = DUET_TRY(transaction->lock_breaker(mapping));
  // What was captured while the decision was carried out belongs to it: it is parked by the next claim.
  const bool over = breaker.state == decided.state && DUET_TRY(transaction->count_captured_deletes(mapping, 1)) == 0;
  if (!over) return false;
  DUET_TRY(transaction->set_breaker(mapping, Breaker{}));
  DUET_TRY(transaction->resolve_issue(mapping, "breaker", rules::kMassDelete));
  DUET_TRY(transaction->commit());
  return false;
}

Result<bool> HeldRecords::step() {
  const TimeMs now = parts_.timing.now();
  if (now < due_at_) return false;
  due_at_ = now + kLookEveryMs;
  bool moved = false;
  for (const Mapping* mapping : mappings_) {
    DUET_TRY(forget_abandoned(*mapping));
    moved |= DUET_TRY(release_children(*mapping));
    moved |= DUET_TRY(carry_out_decision(*mapping));
  }
  return moved;
}

}  // namespace duet::engine
