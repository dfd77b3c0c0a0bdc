#pragma once

#include "codec/mapping_file.h"
#include "runtime/doctor.h"

namespace duet::runtime {

/// Creates the unique external id field that `doctor` offers, for each read-write mapping without an upsert field:
/// those that are imported, and those of `file`. What was done and what could not be.
std::vector<Finding> create_keys(const ConnectionConfig& config, const codec::MappingFile* file);

}  // namespace duet::runtime
