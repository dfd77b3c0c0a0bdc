#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/issue.h"
#include "model/lane.h"
#include "model/value.h"

namespace duet {

/// How a record is found: by whatever of its names is known.
struct RecordRef {
  std::optional<std::int64_t> row_id;  ///< `id` of the table
  std::string sfid;                    ///< 18 characters, or empty
  std::string external_id;             ///< value of the upsert field as text, or empty

  bool operator==(const RecordRef&) const = default;
};

/// One row of a mapped table.
struct Row {
  std::int64_t id = 0;
  std::string sfid;     ///< empty until the org has the record
  FieldValues values;   ///< every mapped field but Id, by Salesforce name; null where the column is NULL
  std::string last_op;  ///< `_hc_lastop`
};

enum class LogAction { insert, update, remove };

/// States of a log row (spec/heroku-connect.md §2.3); text in the table is upper case.
enum class LogState { fresh, pending, success, merged, ignored, failed };

/// One row of `_trigger_log` in state NEW, in terms of the mapping: keys that are no mapped fields are left out.
struct CapturedChange {
  std::int64_t log_id = 0;
  LogAction action = LogAction::update;
  std::int64_t row_id = 0;
  std::string sfid;
  FieldValues old_values;            ///< the row before; empty for an insert
  std::vector<std::string> changed;  ///< fields that an update names
  TimeMs captured_at = 0;            ///< database clock
  FieldValues new_values = {};       ///< of an ordered mapping only: what an insert or an update wrote
};

/// Everything about one record, as read under its lock.
struct Record {
  RecordRef ref;  ///< as asked for
  /// An application holds the row for longer than the lock timeout: neither it nor what was captured was read.
  bool busy = false;
  std::optional<Row> row;
  Lane lane;
  std::vector<CapturedChange> captured;  ///< NEW log rows of the record, oldest first
};

struct LogStateChange {
  std::int64_t log_id = 0;
  LogState state = LogState::pending;
  std::string message;  ///< `sf_message`
};

/// A new row of the trigger log that the engine writes: late winners, reverts and resolutions are forward writes
/// (design §5 rule 2).
struct ForwardWrite {
  LogAction action = LogAction::update;
  std::vector<std::string> fields;
};

enum class RowAction { keep, insert, update, remove };

/// What one transaction does to one record. The store writes it as it stands; all fields are cumulative over the steps
/// of a transaction.
struct RecordChange {
  RowAction row_action = RowAction::keep;
  FieldValues set;                        ///< fields of the row to write
  std::optional<std::string> set_sfid;    ///< empty text clears it
  std::optional<std::int64_t> insert_id;  ///< restore the row under this `id` (undelete)
  std::optional<std::string> last_op;     ///< `_hc_lastop`
  std::optional<std::string> error_text;  ///< `_hc_err`: a JSON object with code and message
  bool lane_changed = false;
  std::vector<LogStateChange> log;
  std::vector<ForwardWrite> forward;
  std::vector<JournalEntry> journal;
  std::vector<Issue> issues;
  std::vector<std::string> resolved_issues;  ///< kinds of open issues of this record that are settled by this change
};

}  // namespace duet
