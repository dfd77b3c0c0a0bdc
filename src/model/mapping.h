#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/schema.h"

namespace duet {

enum class Access { read_only, read_write };

/// What becomes of a field that both sides moved (design §5 rule 1). `hold` leaves it to a person; those after it merge
/// both values into one and fall back to the mapping's policy where they cannot.
enum class ConflictPolicy { salesforce, postgres, newest, hold, max, min, add, union_of_both, text };

/// Where an object's remote changes come from.
enum class InboundSource { events, poll };

std::optional<ConflictPolicy> conflict_policy_from_name(std::string_view name);
std::string_view name_of(ConflictPolicy policy);
/// Every name, in the order of the enum.
std::vector<std::string> conflict_policy_names();
/// `max`, `min`, `add`, `union`, `text`: for one field, never for a mapping or a group.
bool is_merge_function(ConflictPolicy policy);

/// A column that names a parent by its external id instead of its Id (spec/heroku-connect.md §3.4).
struct ParentKey {
  std::string reference;     ///< `AccountId`
  std::string relationship;  ///< `Account`, `Parent__r`
  std::string object;        ///< `Account`
  std::string key_field;     ///< `Ext__c`

  bool operator==(const ParentKey&) const = default;
};

struct MappedField {
  /// Of a column that names a parent by its external id: that field's schema under the name `Account.Ext__c`.
  FieldSchema schema;
  std::string column;  ///< lower-case field name
  std::optional<ConflictPolicy> conflict;
  std::optional<ParentKey> parent;
};

struct MappedIndex {
  std::string field;
  bool unique = false;
};

/// Fields that win or lose together, by one policy: an address, an amount with its currency.
struct FieldGroup {
  std::string name;
  std::vector<std::string> fields;  ///< in the spelling of the schema

  bool operator==(const FieldGroup&) const = default;
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
  bool can_merge = false;  ///< records are merged in the org: a deleted one may name the one it went into
  /// Every captured change is sent as a write of its own, in order and with the values that it wrote.
  bool ordered = false;
  std::vector<MappedField> fields;  ///< includes Id and SystemModstamp
  std::vector<MappedIndex> indexes;
  std::vector<FieldGroup> groups;  ///< a field is in at most one
  /// Fields that say whether a row inserted here and a record of the org are one and the same, where no external id
  /// does; all of them count.
  std::vector<std::string> match;

  /// Case-insensitive by Salesforce name; null when not mapped.
  const MappedField* find(std::string_view field) const;
  const MappedField* find_column(std::string_view column) const;
  /// The group's policy for a field of a group: that of its first member that has one of its own.
  ConflictPolicy policy_for(std::string_view field) const;
  /// Null when the field stands alone.
  const FieldGroup* group_of(std::string_view field) const;
};

}  // namespace duet
