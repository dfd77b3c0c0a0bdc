#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "codec/mapping_file.h"
#include "ports/org.h"
#include "postgres/session.h"
#include "runtime/config.h"
#include "runtime/import_plan.h"

namespace duet::runtime {

/// The setting of duet.setting that says which version of the mappings a running `serve` should use.
inline constexpr const char* kMappingRevision = "mapping_revision";

struct ImportedMapping {
  PlannedMapping planned;
  std::vector<std::string> steps;  ///< what was, or would be, done to the table
  std::vector<std::string> notes;
  bool loads = false;  ///< its rows are, or would be, read from the org
};

struct ImportResult {
  std::string org_id;
  std::vector<ImportedMapping> mappings;
  std::vector<codec::MappingProblem> problems;
  bool possible = false;  ///< without this nothing was changed
};

/// Checks the file against org and database and, unless `dry_run`, carries it out: tables, triggers, mappings; a
/// running `serve` takes them up within seconds. All or nothing as far as the file's problems go; a table that the
/// database refuses ends it with the error.
Result<ImportResult> import_mappings(const ConnectionConfig& config, postgres::Session& session, ports::Org& org,
                                     const codec::MappingFile& file, bool dry_run);

}  // namespace duet::runtime
