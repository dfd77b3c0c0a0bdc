#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "postgres/session.h"

namespace duet::postgres {

struct SyncedSchema {
  /// Heroku Connect made the trigger log: its functions stay as they are, and its doorbell rings at every write.
  bool adopted = false;
  /// Schema of the hstore extension.
  std::string hstore_schema;
};

/// Creates what is missing of a synced schema (spec/heroku-connect.md §1.1): tables, indexes, capture functions, the
/// doorbell, and the extension hstore. Can be called again at any time. `forbidden` and `config` errors say which right
/// is missing.
Result<SyncedSchema> install_synced_schema(Session& session, const std::string& schema);

/// Takes Heroku Connect's capture, doorbell and trigger functions over, so that the next install_synced_schema() and
/// ensure_table() replace them. Their names; empty when all are ours. For `duet attach --upgrade-triggers`.
Result<std::vector<std::string>> take_over_functions(Session& session, const std::string& schema);

/// Creates, or brings to this version, one function from sql/synced unless a function of that name exists that is not
/// ours. True when the function is ours now.
struct FunctionText {
  std::string schema;
  std::string name;
  std::string sql;  ///< CREATE OR REPLACE FUNCTION …
};
Result<bool> install_function(Session& session, const FunctionText& function);

}  // namespace duet::postgres
