#pragma once

#include <string_view>

#include "rules/context.h"

namespace duet::rules {

/// Which side a conflict goes to. `local` is on the database clock, `remote` on the org's; overlap under `newest` goes
/// to Salesforce (design §5 rule 12).
Side decide(ConflictPolicy policy, const TimeInterval& local, const TimeInterval& remote, const Context& context);

/// Three-way merge of one remote value into the row and the lane (design §5 rules 1 and 2). Not for fields with an
/// unsettled attempt.
void merge_field(const Turn& turn, const MappedField& field, const Value& value, const Remote& remote);

/// Forgets that the field is pending; log rows that name nothing else any more become IGNORED.
void drop_pending(const Turn& turn, std::string_view field);

/// Sets the row's field, if there is a row and the value differs.
void set_row(const Turn& turn, std::string_view field, const Value& value);

/// The row's value, or Absent when there is no row.
const Value& row_value(const Turn& turn, std::string_view field);

/// The row's version: its SystemModstamp on the org clock, 0 when it has none.
TimeMs row_stamp(const Record& record);
void raise_row_stamp(const Turn& turn, TimeMs stamp);

/// Whether an unsettled attempt of the lane sent the field.
bool has_attempt(const Lane& lane, std::string_view field);

/// `_hc_lastop` becomes SYNCED when nothing of the record is on its way any more.
void mark_synced_if_at_rest(const Turn& turn);

/// The record must be read whole before anything else is believed about it.
void mark_dirty(const Turn& turn, std::string_view reason);

/// Takes note that the lane moved: reads that began before are not believed.
void touch(const Turn& turn);

void journal_conflict(const Turn& turn, JournalReason reason, const MappedField& field, const Value& base,
                      const Value& salesforce, const Value& postgres, Side winner, std::string_view rule,
                      const Remote& remote);

}  // namespace duet::rules
