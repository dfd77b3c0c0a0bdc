#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/value.h"

namespace orgsim {

/// changeType of an event header; the order is the order of the Avro enum's symbols (spec §4.5).
enum class ChangeType : std::uint8_t {
  create,
  update,
  remove,
  undelete,
  gap_create,
  gap_update,
  gap_remove,
  gap_undelete,
  gap_overflow,
  snapshot,
};

/// "CREATE", "GAP_OVERFLOW" …
[[nodiscard]] std::string_view change_type_name(ChangeType type);

struct EventSchema;

struct EventField {
  std::string name;  ///< the record's field, a part of a compound included: "BillingCity", "LastName"
  Value value;       ///< as value.h says; null for a field set to null
};

/// One event of the bus, structured: a change event, or a platform event. The wire form (Avro, bitmaps) is made from it
/// by avro_event.h.
struct ChangeEvent {
  std::uint64_t replay_id = 0;
  std::string uuid;  ///< ProducerEvent.id; a duplicate has the same uuid and another replay id
  std::string entity;
  std::vector<std::string> record_ids;  ///< 18 characters each
  ChangeType type = ChangeType::create;
  std::string change_origin;
  std::string transaction_key;
  std::int32_t sequence_number = 1;
  std::int64_t commit_ms = 0;
  std::uint64_t commit_number = 0;
  std::string commit_user;
  /// CREATE and UNDELETE: every field that is not null. UPDATE: every changed field, null when it was cleared, always
  /// with LastModifiedDate. DELETE and gaps: empty.
  std::vector<EventField> fields;
  /// UPDATE only: names of `fields` that changed (all of them) and of those that became null.
  std::vector<std::string> changed_fields;
  std::vector<std::string> nulled_fields;
  /// UPDATE only: names of `fields` whose value is a unified diff instead of the new text.
  std::vector<std::string> diff_fields;
  /// A platform event as it was published, Avro binary; `fields` has its content. Empty for change events.
  std::string payload;
  std::shared_ptr<const EventSchema> schema;
  std::int64_t visible_ms = 0;  ///< when subscribers may see it: commit time plus the event delay
};

}  // namespace orgsim
