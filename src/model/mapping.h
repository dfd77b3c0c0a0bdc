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

/// A column that names a parent by its external id instead of its Id (spec/heroku-connect.md §3.4).
struct ParentKey {
  std::string reference;     ///< `AccountId`
  std::string relationship;  ///< `Account`, `Parent__r`
  std::string object;        ///< `Account`
  std::string key_field;     ///< `Ext__c`
  bool polymorphic = false;  ///< the reference may point to several objects: the parent's type is named in calls

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
  /// Every captured change is sent as a write of its own, in order and with the values that it wrote.
  bool ordered = false;
  std::vector<MappedField> fields;  ///< includes Id and SystemModstamp
  std::vector<MappedIndex> indexes;

  /// Case-insensitive by Salesforce name; null when not mapped.
  const MappedField* find(std::string_view field) const;
  const MappedField* find_column(std::string_view column) const;
  ConflictPolicy policy_for(std::string_view field) const;
};

}  // namespace duet
