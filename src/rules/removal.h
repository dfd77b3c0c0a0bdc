#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/context.h"

namespace duet::rules {

/// The org deleted the record, by an event or because a read did not find it. `own` says that it was our delete.
/// Delete against update goes by the mapping's delete policy (design §5 rule 10); the row is journalled whole when
/// local changes go with it.
void on_remote_delete(const Turn& turn, const Remote& remote, bool own);

/// What the org may hold of each field by our own doing: what attempts sent and what they were based on, and the bases
/// of what is not sent yet.
std::map<std::string, std::vector<Value>, std::less<>> values_of_ours(const Lane& lane);

/// What the org says that somebody else must have written since, which the app could not see when it deleted the row.
/// Nothing from a version before that of the row.
FieldValues moved_since(const Turn& turn, const PendingDelete& removal, const FieldValues& remote_fields, TimeMs stamp);

/// Remote changes meet a delete that is not sent yet: true when the delete gives way and the row is restored under its
/// old id. When the delete wins, `moved` is journalled.
bool delete_gives_way(const Turn& turn, const FieldValues& moved, const Remote& remote);

/// Our own write of `fields` covered what the org's record had moved to while a delete of ours waits for a person.
void cover_moved(const Turn& turn, const FieldValues& fields);

/// A delete that waited for a person waits no more: its issue is settled.
void end_held_delete(const Turn& turn);
/// The row that the app deleted comes back under its old `id`, with the values that it had; the delete is forgotten.
void restore_deleted_row(const Turn& turn);

/// The app deleted the row before its create was answered: the record is deleted in the org as soon as its Id is known.
/// `create` is the attempt; `told` is what the org says of the record by now, if it has said anything.
void delete_after_create(const Turn& turn, const Attempt& create, const FieldValues& told);

/// The issue of a delete that waits for a person, brought up to date; and that of one that a policy decided.
void tell_held_delete(const Turn& turn);
void tell_decided_delete(const Turn& turn, ConflictPolicy policy, Side winner, std::string_view message,
                         const FieldValues& moved = {});

/// Every held value goes into the journal: what becomes of the record no longer depends on them.
void journal_held(const Turn& turn, JournalReason reason);

void journal_removal(const Turn& turn, const PendingDelete& removal, JournalReason reason, std::string_view rule);

}  // namespace duet::rules
