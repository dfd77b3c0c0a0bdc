#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/query.h"

namespace orgsim {

/// Writes the rows of a cursor as REST JSON text. Where all columns are the object's own, plain ones, the text is made
/// directly from the cells, many times faster than through a JSON value; else the core makes the value.
class RecordJsonWriter {
 public:
  /// `version` goes into the attributes; empty leaves the attributes out, and compound fields with them.
  RecordJsonWriter(const QueryCursor& cursor, std::string_view version);

  /// Appends the row that the cursor stands on, without a separator; `show` is for the records of its sub-queries.
  void append(const QueryCursor& cursor, std::string& out, const QueryCursor::ShowChildren& show = {}) const;

 private:
  struct Column {
    std::size_t index = 0;
    FieldType type = FieldType::string;
    std::string key;  ///< "\"Name\":"
  };

  std::string version_;
  std::string attributes_;  ///< up to the record's id
  std::vector<Column> columns_;
  std::size_t id_column_ = 0;
  bool is_direct_ = true;
};

/// Appends text as a JSON string with its quotes. The text must be UTF-8.
void append_json_string(std::string_view text, std::string& out);
/// Appends a value as REST shows it (spec §0.11, §2.2).
void append_json_value(FieldType type, const CellView& cell, std::string& out);

}  // namespace orgsim
