#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/mapping.h"

namespace duet::postgres {

class Session;

/// How keys of the upsert field are compared, as the org does (design §5 rule 9).
enum class KeyKind {
  none,        ///< the mapping has no upsert field
  text,        ///< trimmed; upper and lower case are the same
  exact_text,  ///< trimmed; a case-sensitive field
  number,
};

struct MappedColumn {
  std::string field;   ///< Salesforce name
  std::string column;  ///< as it is
  std::string quoted;  ///< as it stands in SQL
  FieldType type = FieldType::string;
  /// `::double precision` and the like for what comes as text; empty for texts, whose length an assignment must check.
  std::string cast;
};

/// Names of one mapped table, quoted for SQL.
struct MappedTable {
  MappedTable(const Session& session, const std::string& schema, const Mapping& mapping);

  std::int64_t mapping_id = 0;
  std::string object;
  std::string name;                   ///< `account`
  std::string qualified;              ///< `"salesforce"."account"`
  std::string log;                    ///< `"salesforce"._trigger_log`
  std::vector<MappedColumn> columns;  ///< all mapped fields but Id
  std::map<std::string, std::size_t, std::less<>> by_field;
  std::map<std::string, std::size_t, std::less<>> by_column;
  KeyKind key_kind = KeyKind::none;
  std::size_t key_column = 0;  ///< in `columns`, unless key_kind is none
  bool ordered = false;        ///< the log's values are read beside its fields

  /// SQL that folds an expression of type text for comparison.
  std::string fold(const std::string& expression) const;
  /// SQL for the folded key of a row of the table with the given alias; NULL when the mapping has no key.
  std::string row_key(std::string_view alias) const;
  /// SQL that folds an expression of a match field as the org compares it.
  static std::string match_key(const FieldSchema& field, const std::string& expression);
  /// Folds numbers here; texts are folded by the server. Nothing when the text can be no key of the field.
  std::optional<std::string> key_param(const std::string& key) const;
};

/// SQL for a row that has no Id yet. Not `sfid IS NULL`, for which the index on sfid would offer itself: all such rows
/// at once.
inline constexpr std::string_view kWithoutSfid = "coalesce(sfid, '') = ''";

/// PostgreSQL cuts longer names off, and two of them may then be the same.
inline constexpr std::size_t kMaxIdentifier = 63;

/// A name built from a table's and a column's: as Heroku Connect builds it where it fits, else shortened with a hash.
std::string derived_name(std::string_view prefix, std::string_view name, std::string_view suffix = {});

/// Id has the column `sfid`, every other field the one of the mapping.
std::string column_of(const MappedField& field);

}  // namespace duet::postgres
