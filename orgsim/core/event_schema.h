#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "orgsim/core/schema.h"

namespace orgsim {

/// One member of a change event's record: a plain field, or a compound with its parts.
struct EventSchemaField {
  std::string name;
  FieldType type = FieldType::string;
  std::string record_name;  ///< for compounds the Avro record: "Address", "PersonName", "Location"
  std::string doc;
  struct Part {
    std::string name;        ///< in the record: "City"
    std::string field_name;  ///< on the object: "BillingCity"; empty for a part that this org does not have
    FieldType type = FieldType::string;
  };
  std::vector<Part> parts;
};

/// The Avro schema of one entity's change events at one version of the entity. Immutable: the same id always means the
/// same schema (spec §4.2). Position 0 is ChangeEventHeader, position n is fields[n - 1].
struct EventSchema {
  std::string entity;
  std::string id;    ///< 22 characters of base64url, made from the content
  std::string json;  ///< compact, repeats the id as "uuid"
  /// A platform event's: there is no header, positions start at 0, and the first kEventSystemFields are never null.
  bool platform_event = false;
  std::vector<EventSchemaField> fields;
  /// Field name on the object → (position, part position or -1).
  std::unordered_map<std::string, std::pair<int, int>> positions;
};

/// CreatedDate and CreatedById, with which every platform event begins (§4.6).
inline constexpr std::size_t kEventSystemFields = 2;

/// Builds the schema of the object's change events (§4.6: which fields, order, doc tags, compounds), or of the platform
/// event that the object is.
[[nodiscard]] std::shared_ptr<const EventSchema> build_event_schema(const ObjectDef& object);

/// True for fields that never appear in events: Id, IsDeleted, SystemModstamp, calculated ones and the others of §4.6.
[[nodiscard]] bool excluded_from_events(const FieldDef& field);

}  // namespace orgsim
