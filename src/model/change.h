#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/value.h"

namespace duet {

enum class EventKind { create, update, remove, undelete, gap, gap_overflow };

std::string_view name_of(EventKind kind);

/// One change event, decoded: one record set, one transaction (spec/salesforce-api.md §4.5).
struct ChangeEvent {
  std::string position;  ///< opaque replay id; applying the event moves the source to it
  std::string event_id;  ///< the same in a duplicate of the event
  std::string object;    ///< `Account`
  EventKind kind = EventKind::update;
  std::vector<std::string> record_ids;  ///< 18 characters; several when Salesforce merged events
  bool wildcard = false;                ///< recordIds named no record (`001*`, overflow): a range of records is dirty
  std::string transaction_key;
  int sequence = 0;
  TimeMs committed_at = 0;  ///< org clock
  std::int64_t commit_number = 0;
  TimeMs stamp = 0;  ///< LastModifiedDate, or `committed_at` cut to the second where the event has none; org clock
  std::string commit_user;   ///< 18 characters
  std::string client_token;  ///< the `client=` part of changeOrigin, or empty
  FieldValues fields;        ///< create, undelete: all fields; update: the changed ones, nulled fields as Null
  std::vector<std::string>
      unreadable_fields;  ///< changed, but the event does not say to what (diffs, undecodable): read the record
};

/// One record as a query, a bulk page or a poll page gave it.
struct RecordRead {
  std::string sfid;
  bool deleted = false;  ///< IsDeleted, or not found by a read that asked for it
  FieldValues fields;    ///< every mapped field that the user may read
  TimeMs stamp = 0;      ///< SystemModstamp, org clock
  TimeMs previous_stamp =
      0;              ///< what is known to be older: the stamp of the row before; bounds `newest` (design §5 rule 12)
  std::string actor;  ///< LastModifiedById, if read
  /// Of a deleted record: the Id of the record that it was merged into, or empty; nothing when it was not asked for.
  std::optional<std::string> merged_into = {};
};

}  // namespace duet
