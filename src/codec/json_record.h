#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/change.h"
#include "model/mapping.h"

namespace duet::codec {

/// One page of a query's answer.
struct QueryPage {
  std::vector<RecordRead> records;
  bool done = true;
  long total_size = 0;
  std::string next_path;  ///< of nextRecordsUrl: a path on the org's host, or empty
};

/// Reads records from REST answers (spec/salesforce-api.md §2.4, §2.6). Fields that the mapping does not have are
/// ignored, except Id, IsDeleted, SystemModstamp and LastModifiedById, which also fill the record's own members. Id is
/// not among RecordRead::fields. Keeps its buffers between calls. One thread at a time.
class JsonRecordReader {
 public:
  JsonRecordReader();
  ~JsonRecordReader();

  Result<QueryPage> query_page(std::string_view body, const Mapping& mapping);

  /// An answer to a retrieve by ids: one record for each asked id, in that order; null or missing ones come with
  /// `deleted` set.
  Result<std::vector<RecordRead>> retrieved(std::string_view body, const Mapping& mapping,
                                            std::span<const std::string> sfids);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Appends a JSON string literal.
void append_json_text(std::string& out, std::string_view text);

/// Appends a value as Salesforce reads it: decimals without exponent and exact, date-times in UTC with milliseconds,
/// Null as null. `bad_data` for numbers that JSON cannot hold (NaN, infinities) and for text that is not UTF-8; nothing
/// is appended then.
Result<void> append_json_value(std::string& out, const Value& value);

/// Appends `"Name":value` members, comma separated, for all fields but `skip` and those that are Absent.
/// The error's detail names the field.
Result<void> append_json_members(std::string& out, const FieldValues& fields, std::string_view skip = {});

}  // namespace duet::codec
