#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"
#include "postgres/session.h"

namespace duet::postgres {

struct WantedIndex {
  std::string name;
  std::string column;
  bool unique = false;
  std::string expression;  ///< instead of the column, over rows without sfid; of the index that finds rows by their key
};

/// Indexes of the mapping, and those that it cannot do without: sfid and the upsert field unique, systemmodstamp
/// (spec/heroku-connect.md §1.2).
std::vector<WantedIndex> wanted_indexes(const Session& session, const Mapping& mapping);

/// Those that the table does not have yet, under whatever name.
Result<std::vector<WantedIndex>> missing_indexes(Session& session, const std::string& schema, const Mapping& mapping);

/// `CREATE [UNIQUE] INDEX [CONCURRENTLY] …`
std::string create_index_sql(const Session& session, const std::string& schema, const Mapping& mapping,
                             const WantedIndex& index, bool concurrently);

}  // namespace duet::postgres
