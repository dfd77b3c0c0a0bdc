#include "engine/apply_reads.h"

#include "engine/match_rows.h"
#include "engine/record_batch.h"
#include "rules/canonical.h"
#include "rules/merge.h"
#include "rules/read.h"

namespace duet::engine {

Result<void> ReadApplier::apply(std::span<const RecordRead> reads) {
  RecordBatch batch(mapping_);
  std::vector<std::size_t> entries;
  entries.reserve(reads.size());
  UnsentRows unsent(mapping_);
  for (const RecordRead& read : reads) {
    if (!read.deleted) unsent.want(read.sfid, read.fields);
  }
  auto transaction = DUET_TRY(store_.begin());
  DUET_TRY(unsent.find(*transaction));
  for (const RecordRead& read : reads) {
    entries.push_back(batch.add(
        {unsent.row_of(read.sfid), read.sfid, rules::key_text(value_of(read.fields, mapping_.upsert_field))}));
  }
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = timing_.context(mapping_);
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const rules::Turn turn = batch.turn(entries[i], context);
    if (unsent.row_of(reads[i].sfid) && turn.record.row && turn.record.row->sfid != reads[i].sfid &&
        (!turn.record.row->sfid.empty() || !turn.lane().attempts.empty()))
      return fail(ErrorKind::row_locked, "a row was sent while it was matched with a record");
    if (turn.lane().sfid.empty()) turn.lane().sfid = reads[i].sfid;
    RecordRead read = reads[i];
    read.previous_stamp = rules::row_stamp(turn.record);
    if (rules::on_page_read(turn, read) == rules::ReadVerdict::applied) ++counters_.records_applied;
  }
  for (const RecordBatch::Entry& entry : batch.entries()) count(counters_, entry.change);
  DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error& error) {
    ++counters_.records_dirty;
    if (entry.record.lane.sfid.empty()) entry.record.lane.sfid = entry.record.ref.sfid;
    rules::mark_dirty({entry.record, entry.change, context}, name_of(error.kind));
  }));
  stale_.clear();
  for (const RecordBatch::Entry& entry : batch.entries()) stale_.note_page(mapping_, entry);
  DUET_TRY(stale_.write(*transaction, context.now));
  return transaction->commit();
}

Result<void> ReadApplier::mark_dirty(std::span<const std::string> sfids, std::string_view reason) {
  RecordBatch batch(mapping_);
  for (const std::string& sfid : sfids) batch.add({std::nullopt, sfid, {}});
  auto transaction = DUET_TRY(store_.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = timing_.context(mapping_);
  for (std::size_t i = 0; i < batch.entries().size(); ++i) {
    RecordBatch::Entry& entry = batch.entries()[i];
    if (entry.record.lane.sfid.empty()) entry.record.lane.sfid = entry.record.ref.sfid;
    if (!entry.record.lane.dirty) ++counters_.records_dirty;
    rules::mark_dirty({entry.record, entry.change, context}, reason);
  }
  DUET_TRY(batch.write(*transaction, [](RecordBatch::Entry&, std::size_t, const Error&) {}));
  return transaction->commit();
}

}  // namespace duet::engine
