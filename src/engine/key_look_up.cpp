#include "engine/key_look_up.h"

#include <algorithm>

#include "engine/claim.h"
#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/claim.h"
#include "rules/read.h"

namespace duet::engine {

Result<void> look_up_and_claim(const OutboundParts& parts, const Mapping& mapping, const std::vector<RecordRef>& refs,
                               const std::vector<std::string>& keys, const JobTicket* job,
                               std::vector<ClaimedAttempt>& claimed) {
  const TimeMs began_at = parts.timing.org_now();
  std::vector<RecordRead> found;
  for (std::size_t from = 0; from < keys.size(); from += ports::kCollectionSize) {
    const auto count = std::min(ports::kCollectionSize, keys.size() - from);
    std::ranges::move(DUET_TRY(parts.ports.org.read_by_key(mapping, std::span(keys).subspan(from, count))),
                      std::back_inserter(found));
  }
  const MappedField& key_field = *mapping.find(mapping.upsert_field);
  const std::string token = "duet-" + parts.ports.random.uuid();
  RecordBatch batch(mapping);
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const auto match = std::ranges::find_if(found, [&](const RecordRead& read) {
      return rules::same_key(key_field.schema, rules::key_text(value_of(read.fields, key_field.schema.name)), keys[i]);
    });
    const bool usable = match != found.end() && !rules::too_young(mapping, *match, began_at);
    batch.add({refs[i].row_id, usable ? match->sfid : std::string(), {}});
  }
  auto transaction = DUET_TRY(parts.ports.store.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = parts.timing.context(mapping);
  std::vector<ClaimedAttempt> taken;
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
      claim_entry(parts, batch, i, context, token, job, taken);
    }
  }
  return commit_claims(batch, *transaction, std::move(taken), claimed);
}

}  // namespace duet::engine
