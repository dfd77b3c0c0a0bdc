#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"

namespace duet::codec {

/// Something about a mapping file that a person should know.
struct MappingProblem {
  bool fatal = true;    ///< the mapping cannot be imported as it is
  std::string path;     ///< where in the file: `mappings[2].config.fields.Phone`
  std::string message;  ///< what is wrong
  std::string advice;   ///< what to do
};

struct FileField {
  std::string name;
  std::optional<ConflictPolicy> conflict;

  bool operator==(const FileField&) const = default;
};

/// One mapping as the file says it; names are not yet checked against the org.
struct FileMapping {
  std::string object;
  Access access = Access::read_only;
  std::string upsert_field;
  int polling_seconds = 600;
  ConflictPolicy conflict = ConflictPolicy::newest;
  ConflictPolicy delete_conflict = ConflictPolicy::newest;
  bool ordered = false;
  std::vector<FileField> fields;
  std::vector<MappedIndex> indexes;
  std::vector<FieldGroup> groups;
  std::vector<std::string> match;
  std::string path;  ///< of the mapping in the file it came from
};

/// Heroku Connect's export JSON, version 1 (spec/heroku-connect.md §5), with Duet's own keys `conflict`, `delete`,
/// `ordered`, `groups` and `match` of a mapping and `conflict` of a field.
struct MappingFile {
  std::string connection_name;
  std::string organization_id;
  std::string api_version;
  std::string exported_at;
  std::vector<FileMapping> mappings;
};

struct ParsedMappingFile {
  MappingFile file;
  std::vector<MappingProblem> problems;  ///< in the order of the file; without a fatal one the file can be used
};

/// Largest file that is read.
inline constexpr std::size_t kMaxMappingFileBytes = 16 * 1024 * 1024;
inline constexpr int kMinPollingSeconds = 5;
inline constexpr int kMaxPollingSeconds = 86'400;

/// Fails (`bad_data`) only when the text is no JSON object at all; everything else is told as problems, all of them at
/// once.
Result<ParsedMappingFile> read_mapping_file(std::string_view text);

/// Stable: objects and fields by name, keys in a fixed order, four spaces.
std::string write_mapping_file(const MappingFile& file);

}  // namespace duet::codec
