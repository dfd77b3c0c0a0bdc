#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"
#include "ports/bulk.h"

namespace duet::salesforce {

/// The CSV of a job: one column for the key and one for each field that the operation may write, so that records with
/// other fields share a job; a field that is not spoken of is an empty cell, which the org ignores.
class JobRows {
 public:
  JobRows(const Mapping& mapping, AttemptKind kind);

  /// False when there is no room for it.
  Result<bool> add(const ports::SendRecord& record, const std::string& parent);
  /// All rows below the header, those of one parent together.
  std::string take();

 private:
  struct Row {
    std::string parent;
    std::size_t begin = 0;
    std::size_t size = 0;
  };

  AttemptKind kind_;
  std::string key_;                   ///< the key's column
  std::vector<std::string> columns_;  ///< after the key's
  std::string header_;
  std::string text_;
  std::vector<Row> rows_;
};

/// One of the three result sets of a job.
enum class ResultSet { successful, failed, unprocessed };

/// The records of a result set's CSV (§3.1 step 5).
Result<std::vector<ports::JobOutcome>> read_job_results(const Mapping& mapping, AttemptKind kind, ResultSet set,
                                                        std::string_view csv);

/// `STATUS_CODE:message:FIELD1 FIELD2 --` as an error.
Error read_job_error(std::string_view text);

}  // namespace duet::salesforce
