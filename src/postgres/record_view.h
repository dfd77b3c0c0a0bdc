#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"
#include "model/record.h"
#include "postgres/session.h"

namespace duet::postgres {

/// A record as it stands, read without a lock.
struct RecordView {
  std::optional<Row> row;
  std::string error_text;  ///< `_hc_err`
  Lane lane;
};

/// A change of the app, or of the engine in its place, as the trigger log or its archive has it.
struct LoggedChange {
  std::int64_t id = 0;
  bool archived = false;
  TimeMs at = 0;
  std::string state;   ///< NEW, SUCCESS …
  std::string action;  ///< INSERT, UPDATE, DELETE
  std::string message;
  FieldValues before;  ///< the whole row before; empty for an insert
  FieldValues after;   ///< of an insert the whole row, of an update what changed
};

struct RecordHistory {
  std::vector<LoggedChange> changes;  ///< newest first
  bool truncated = false;
};

/// Reads records of mapped tables for people. One thread at a time.
class RecordReader {
 public:
  RecordReader(Session& session, std::string schema) : session_(session), schema_(std::move(schema)) {}

  Result<RecordView> read(const Mapping& mapping, const RecordRef& ref);
  /// What the trigger log still has of a row, at most `limit` changes.
  Result<RecordHistory> history(const Mapping& mapping, std::int64_t row_id, std::size_t limit);
  /// The `id` that a record had whose row is gone, as far as the trigger log or the journal still knows it.
  Result<std::optional<std::int64_t>> former_row(const Mapping& mapping, const std::string& sfid);

 private:
  Session& session_;
  std::string schema_;
};

}  // namespace duet::postgres
