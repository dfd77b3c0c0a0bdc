#pragma once

#include <functional>
#include <string>
#include <vector>

#include "codec/mapping_file.h"
#include "model/mapping.h"
#include "model/schema.h"

namespace duet::codec {

/// The schema of another object of the org, or null when it is not known.
using FindObject = std::function<const ObjectSchema*(std::string_view)>;

struct ResolvedMapping {
  Mapping mapping;                       ///< complete but for id, source and source_reason
  std::vector<MappingProblem> problems;  ///< without a fatal one the mapping can be used
};

/// Meets a mapping of the file with what the org says about its object: names in the org's spelling, Id,
/// SystemModstamp, IsDeleted and the upsert field added, everything checked that can be known without asking the org
/// again. Pure.
ResolvedMapping resolve_mapping(const FileMapping& wanted, const ObjectSchema& schema,
                                const FindObject& find_object = {});

/// The objects that fields like `Account.Ext__c` point to: their schemas are needed to resolve the mapping.
std::vector<std::string> parents_named(const FileMapping& wanted, const ObjectSchema& schema);

/// The mapping as a file says it; the inverse of resolve_mapping.
FileMapping to_file_mapping(const Mapping& mapping);

/// The problem of an object that the org does not show, with the nearest of the names that it does.
MappingProblem unknown_object(const FileMapping& wanted, const std::vector<std::string>& known_objects);

/// Whether Duet can give a new row a key of its own in this field: a text that holds at least 16 characters.
bool can_hold_minted_key(const FieldSchema& field);

}  // namespace duet::codec
