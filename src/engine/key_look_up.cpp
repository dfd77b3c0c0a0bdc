#include "engine/key_look_up.h"

#include <algorithm>

#include "engine/claim.h"
#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/claim.h"
#include "rules/match.h"
#include "rules/read.h"

namespace duet::engine {
namespace {

/// What the org and the table have of one record that is to be created.
struct Answer {
  std::vector<const RecordRead*> records;
  bool by_key = false;
  std::optional<std::int64_t> taken_by;  ///< the record is another row's
  bool other_first = false;              ///< another row with the same match fields is on its way

  /// The record that the row may become.
  const RecordRead* only() const { return records.size() == 1 && !taken_by ? records.front() : nullptr; }
};

class LookedUp {
 public:
  LookedUp(const OutboundParts& parts, const Mapping& mapping, const std::vector<LookUp>& wanted)
      : parts_(parts), mapping_(mapping), wanted_(wanted), answers_(wanted.size()) {}

  /// Asks the org; no transaction is open.
  Result<void> ask() {
    std::vector<std::string> keys;
    std::vector<FieldValues> matches;
    for (const LookUp& each : wanted_) {
      if (!each.key.empty()) keys.push_back(each.key);
      if (!each.match.empty()) matches.push_back(each.match);
    }
    for (std::size_t from = 0; from < keys.size(); from += ports::kCollectionSize) {
      const auto count = std::min(ports::kCollectionSize, keys.size() - from);
      std::ranges::move(DUET_TRY(parts_.ports.org.read_by_key(mapping_, std::span(keys).subspan(from, count))),
                        std::back_inserter(by_key_));
    }
    for (std::size_t from = 0; from < matches.size(); from += ports::kMatchSize) {
      const auto count = std::min(ports::kMatchSize, matches.size() - from);
      std::ranges::move(DUET_TRY(parts_.ports.org.read_by_match(mapping_, std::span(matches).subspan(from, count))),
                        std::back_inserter(by_match_));
    }
    for (std::size_t i = 0; i < wanted_.size(); ++i) judge(wanted_[i], answers_[i]);
    return {};
  }

  /// Which rows stand in the way of those that match.
  Result<void> ask(ports::StoreTransaction& transaction) {
    std::vector<ports::WantedMatch> asked;
    std::vector<std::size_t> of;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (wanted_[i].match.empty() || answers_[i].by_key) continue;
      asked.push_back({wanted_[i].match, answers_[i].only() ? answers_[i].only()->sfid : std::string()});
      of.push_back(i);
    }
    for (const ports::MatchingRow& row : DUET_TRY(transaction.find_matches(mapping_, asked))) {
      const LookUp& mine = wanted_[of[row.wanted]];
      Answer& answer = answers_[of[row.wanted]];
      if (row.row_id == mine.row_id) continue;
      if (!row.sfid.empty()) {
        answer.taken_by = row.row_id;
      } else if (row.sent || (row.waiting && row.row_id < mine.row_id)) {
        answer.other_first = true;
      }
    }
    return {};
  }

  const Answer& at(std::size_t index) const { return answers_[index]; }

 private:
  void judge(const LookUp& look_up, Answer& answer) const {
    if (!look_up.key.empty()) {
      const FieldSchema& key = mapping_.find(mapping_.upsert_field)->schema;
      for (const RecordRead& read : by_key_) {
        if (rules::same_key(key, rules::key_text(value_of(read.fields, key.name)), look_up.key))
          answer.records.push_back(&read);
      }
      answer.by_key = !answer.records.empty();
    }
    if (answer.by_key || look_up.match.empty()) return;
    FieldValues row = look_up.match;
    if (!look_up.key.empty()) row.insert_or_assign(mapping_.find(mapping_.upsert_field)->schema.name, look_up.key);
    answer.records = rules::match_candidates(mapping_, row, by_match_);
  }

  const OutboundParts& parts_;
  const Mapping& mapping_;
  const std::vector<LookUp>& wanted_;
  std::vector<RecordRead> by_key_;
  std::vector<RecordRead> by_match_;
  std::vector<Answer> answers_;
};

void wait(const rules::Turn& turn, TimeMs ms) {
  turn.lane().not_before = turn.context.now + ms;
  turn.change.lane_changed = true;
}

/// The row meets the record that it is, or waits. False when the org does not have it: it may be created.
bool meets(const rules::Turn& turn, const Answer& answer, TimeMs began_at) {
  if (answer.records.size() > 1) {
    rules::absorb(turn);
    answer.by_key ? rules::park_ambiguous(turn, answer.records) : rules::park_ambiguous_match(turn, answer.records);
  } else if (answer.records.size() == 1 && answer.taken_by) {
    rules::absorb(turn);
    rules::park_match_taken(turn, *answer.records.front(), *answer.taken_by);
  } else if (answer.records.size() == 1 && rules::too_young(turn.mapping(), *answer.records.front(), began_at)) {
    wait(turn, rules::kVersionAgeMs);
  } else if (answer.records.size() == 1) {
    rules::on_key_taken(turn, *answer.records.front());
  } else if (answer.other_first) {
    wait(turn, turn.context.duplicate_wait_ms);
  } else {
    rules::on_key_free(turn);
    return false;
  }
  return true;
}

}  // namespace

Result<void> look_up_and_claim(const OutboundParts& parts, const Mapping& mapping, const std::vector<LookUp>& wanted,
                               const JobTicket* job, std::vector<ClaimedAttempt>& claimed) {
  const TimeMs began_at = parts.timing.org_now();
  LookedUp looked_up(parts, mapping, wanted);
  DUET_TRY(looked_up.ask());
  const std::string token = "duet-" + parts.ports.random.uuid();
  auto transaction = DUET_TRY(parts.ports.store.begin());
  DUET_TRY(looked_up.ask(*transaction));
  RecordBatch batch(mapping);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const RecordRead* record = looked_up.at(i).only();
    const bool usable = record && !rules::too_young(mapping, *record, began_at);
    batch.add({wanted[i].row_id, usable ? record->sfid : std::string(), {}});
  }
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = parts.timing.context(mapping);
  std::vector<ClaimedAttempt> taken;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    RecordBatch::Entry& entry = batch.at(i);
    if (entry.record.busy || rules::key_to_look_up(entry.record, mapping) != wanted[i].key ||
        rules::match_to_look_up(entry.record, mapping) != wanted[i].match)
      continue;
    // The key's record is still that of a row which the app deleted: its delete goes first.
    const Lane& lane = entry.record.lane;
    if (lane.row_id && lane.row_id != entry.record.row->id &&
        (lane.pending_delete || !lane.attempts.empty() || !looked_up.at(i).by_key))
      continue;
    if (!meets(batch.turn(i, context), looked_up.at(i), began_at))
      claim_entry(parts, batch, i, context, token, job, taken);
  }
  return commit_claims(batch, *transaction, std::move(taken), claimed);
}

}  // namespace duet::engine
