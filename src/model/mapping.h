#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/schema.h"

namespace duet {

enum class Access { read_only, read_write };

/// Who wins a field that both sides moved (design §5 rule 1).
enum class ConflictPolicy { salesforce, postgres, newest };

/// Where an object's remote changes come from.
enum class InboundSource { events, poll };

std::optional<ConflictPolicy> conflict_policy_from_name(std::string_view name);
std::string_view name_of(ConflictPolicy policy);

struct MappedField {
  FieldSchema schema;
  std::string column;  ///< lower-case field name
  std::optional<ConflictPolicy> conflict;
};

struct MappedIndex {
  std::string field;
  bool unique = false;
};

/// One sObject and one table, with everything that the rules need to know about both. Immutable while workers run.
struct Mapping {
  std::int64_t id = 0;  ///< of duet.mapping
  std::string object;   ///< `Account`
  std::string table;    ///< `account`
  Access access = Access::read_only;
  InboundSource source = InboundSource::events;
  std::string source_reason;  ///< why this source: shown by `duet import` and `duet doctor`
  std::string upsert_field;   ///< unique external id, empty when the mapping has none
  ConflictPolicy conflict = ConflictPolicy::newest;
  ConflictPolicy delete_conflict = ConflictPolicy::newest;
  int polling_seconds = 600;
  bool has_is_deleted = true;
  std::vector<MappedField> fields;  ///< includes Id and SystemModstamp
  std::vector<MappedIndex> indexes;

  /// Case-insensitive by Salesforce name; null when not mapped.
  const MappedField* find(std::string_view field) const;
  const MappedField* find_column(std::string_view column) const;
  ConflictPolicy policy_for(std::string_view field) const;
};

}  // namespace duet
