#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"
#include "postgres/session.h"
#include "postgres/synced_schema.h"

namespace duet::postgres {

struct TableStep {
  std::string description;  ///< for `duet plan`: "add column phone varchar(40)"
  std::string sql;
  std::string
      concurrent_index;  ///< the index that it builds outside of a transaction block, so that apps can go on writing
};

/// What makes a table fit its mapping. Nothing is ever dropped or changed in type.
struct TablePlan {
  bool exists = false;
  std::vector<TableStep> steps;
  std::vector<std::string> added_columns;  ///< must be filled by a reload
  std::vector<std::string> notes;          ///< what a person should know: columns that are shorter than their field
};

/// Compares a mapping with the database. `config` when names are too long, a field has no column type, or the table has
/// another shape: the detail lists each column with what it is, what it must be and what to do (spec/heroku-connect.md
/// §1.2, §1.3).
Result<TablePlan> plan_table(Session& session, const std::string& schema, const Mapping& mapping);

/// Carries out plan_table() and installs the triggers. Triggers and functions of Heroku Connect stay. Can be called
/// again at any time.
Result<TablePlan> ensure_table(Session& session, const std::string& schema, const SyncedSchema& synced,
                               const Mapping& mapping);

}  // namespace duet::postgres
