#pragma once

#include <vector>

#include "base/result.h"
#include "codec/mapping_file.h"
#include "engine/connection.h"
#include "ports/org.h"
#include "postgres/session.h"
#include "postgres/synced_schema.h"
#include "runtime/config.h"

namespace duet::runtime {

/// A connection as the workers need it.
struct PreparedConnection {
  int id = 0;  ///< of duet.connection
  postgres::SyncedSchema schema;
  engine::Connection connection;
  /// What the org no longer has: such mappings run without those fields, or not at all.
  std::vector<codec::MappingProblem> problems;
  std::vector<Mapping> left_out;  ///< as they are stored; they do not run
};

/// Brings database and org to the point where workers can start: migrations, clone guard, synced schema, mappings as
/// they are stored met with what the org says today, tables. Can be called again at any time.
Result<PreparedConnection> prepare_connection(const ConnectionConfig& config, postgres::Session& session,
                                              ports::Org& org);

/// Meets a stored mapping with the org of today: fields that are gone are left out and told. Nothing when the object
/// itself is gone.
Result<std::optional<Mapping>> refresh_mapping(ports::Org& org, const Mapping& stored,
                                               const std::vector<ports::ObjectSummary>& objects,
                                               std::vector<codec::MappingProblem>& problems);

}  // namespace duet::runtime
