#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "codec/mapping_file_resolve.h"
#include "ports/org.h"

namespace duet::runtime {

/// What is to happen to one mapping of a file.
enum class ImportAction { create, change, keep };

std::string_view name_of(ImportAction action);

struct PlannedMapping {
  Mapping mapping;
  ImportAction action = ImportAction::create;
  std::vector<std::string> added_fields;  ///< against the mapping that there is; they make the table load again
  std::vector<std::string> removed_fields;
};

struct ImportPlan {
  std::vector<PlannedMapping> mappings;  ///< those without a fatal problem, in the order of the file
  std::vector<codec::MappingProblem> problems;

  bool possible() const;
};

/// Checks a mapping file against the org and the mappings that there are; changes nothing. Errors are only those of the
/// way to the org; what is wrong with the file, or with the rights of the integration user, is a problem of the plan.
Result<ImportPlan> plan_import(ports::Org& org, const codec::MappingFile& file, const std::vector<Mapping>& existing);

/// Meets one mapping with the org: object and fields by describe, source by whether there are change events.
/// Problems are appended; nothing when one of them is fatal.
Result<std::optional<Mapping>> resolve_against_org(ports::Org& org, const codec::FileMapping& wanted,
                                                   const std::vector<ports::ObjectSummary>& objects,
                                                   std::vector<codec::MappingProblem>& problems);

}  // namespace duet::runtime
