#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "rules/context.h"

namespace duet::rules {

/// Which side a conflict goes to. `local` is on the database clock, `remote` on the org's; overlap under `newest` goes
/// to Salesforce (design §5 rule 12).
Side decide(ConflictPolicy policy, const TimeInterval& local, const TimeInterval& remote, const Context& context);

/// Three-way merge of one remote value into the row and the lane (design §5 rules 1 and 2). Not for fields with an
/// unsettled attempt, nor for members of a group apart from the others that the same source speaks of.
void merge_field(const Turn& turn, const MappedField& field, const Value& value, const Remote& remote);

/// merge_field() for all values that one source speaks of: groups are merged as one.
void merge_fields(const Turn& turn, const FieldValues& values, const Remote& remote);

/// The mapped fields that win or lose together with this one, itself included.
std::vector<const MappedField*> unit_of(const Mapping& mapping, const MappedField& field);

/// Forgets that the field is pending; log rows that name nothing else any more become IGNORED, with the message.
void drop_pending(const Turn& turn, std::string_view field, std::string_view message = {});

/// A value that the engine itself writes: into the row, and out again like any local change (design §5 rule 2). `base`
/// is what the org holds, or will hold when what was sent before has arrived.
void write_forward(const Turn& turn, const MappedField& field, const Value& value, const Value& base);

/// The last value sent in an attempt that is not settled, or `org` when there is none.
const Value& last_sent(const Lane& lane, const MappedField& field, const Value& org);

/// Sets the row's field, if there is a row and the value differs.
void set_row(const Turn& turn, std::string_view field, const Value& value);

/// The row's value, or Absent when there is no row.
const Value& row_value(const Turn& turn, std::string_view field);

/// The row's version: its SystemModstamp on the org clock, 0 when it has none.
TimeMs row_stamp(const Record& record);
void raise_row_stamp(const Turn& turn, TimeMs stamp);

/// What is known of the org's value: the row's own, but for a field that is not sent yet, where it is the base (Absent
/// when that cannot be known), or that waits for a person's decision. Not for fields with an unsettled attempt.
const Value& org_value(const Turn& turn, const MappedField& field);

/// Whether an unsettled attempt of the lane sent the field or one of its group: remote values are held.
bool has_attempt(const Turn& turn, const MappedField& field);

/// `_hc_lastop` becomes SYNCED when nothing of the record is on its way any more.
void mark_synced_if_at_rest(const Turn& turn);

/// The record must be read whole before anything else is believed about it.
void mark_dirty(const Turn& turn, std::string_view reason);

/// Takes note that the lane moved: reads that began before are not believed.
void touch(const Turn& turn);

/// One value that lost goes into the journal; a conflict, found in time or late, becomes a decided issue as well.
void journal_conflict(const Turn& turn, JournalReason reason, const MappedField& field, const Value& base,
                      const Value& salesforce, const Value& postgres, Side winner, std::string_view rule,
                      const Remote& remote);

/// What a merge function did not keep of either side (`max`, `min`); nothing where the value has both.
void journal_merge(const Turn& turn, ConflictPolicy policy, const MappedField& field, const Value& base,
                   const Value& salesforce, const Value& postgres, const Value& merged, const Remote& remote);

}  // namespace duet::rules
