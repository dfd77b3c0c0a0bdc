#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/avro_decoder.h"
#include "codec/avro_schema.h"
#include "model/change.h"
#include "model/schema.h"

namespace duet::codec {

/// Decodes the change events of one Avro schema (spec/salesforce-api.md §4.5–4.7). One thread at a time.
class ChangeEventDecoder {
 public:
  /// `bad_data` when the schema is no change event's.
  static Result<ChangeEventDecoder> create(std::string_view schema_json);

  /// The object whose events these are, told by the schema's name: `Account`, `Foo__c`.
  const std::string& object() const { return object_; }

  /// Which fields to take, by the mapping's describe: fields that it does not hold are ignored. Null: the object is not
  /// mapped, and its events are decoded without fields, so that the position still moves. The schema is not kept.
  void select(const ObjectSchema* schema);

  /// Always gives an event: one whose bytes make no sense dirties its object (`gap_overflow`), one whose fields make no
  /// sense its records (`gap`). Update events speak of changed fields only; what a diff or an odd value hides is named
  /// in unreadable_fields.
  ChangeEvent decode(std::string_view payload, std::string position, std::string event_id) const;

 private:
  struct Target {
    std::string name;
    FieldType type = FieldType::string;
  };

  /// Where the parts of one top-level field of the event go.
  struct FieldPlan {
    std::optional<Target> whole;
    std::vector<std::optional<Target>> parts;  ///< by position in the nested record
    /// A person's Name, which events give in parts only.
    std::optional<Target> composed;

    bool wanted() const { return whole || composed || !parts.empty(); }
  };

  struct HeaderIndex {
    int entity = -1, record_ids = -1, change_type = -1, change_origin = -1, transaction_key = -1, sequence = -1;
    int committed_at = -1, commit_number = -1, commit_user = -1, nulled = -1, diff = -1, changed = -1;
  };

  ChangeEventDecoder(AvroSchema schema, const AvroType& header);

  FieldPlan plan_field(const AvroField& field, const ObjectSchema& schema) const;
  Result<void> read_header(const AvroValue& header, ChangeEvent& event) const;
  void read_all_fields(const AvroValue& root, ChangeEvent& event) const;
  Result<void> read_changed_fields(const AvroValue& root, const AvroValue& header, ChangeEvent& event) const;
  void put_field(std::size_t index, const AvroValue& value, ChangeEvent& event) const;
  void put_updated_name(std::size_t index, const AvroValue& name, const std::set<std::string, std::less<>>& changed,
                        ChangeEvent& event) const;
  void put_part(std::size_t index, std::size_t part, const AvroValue& compound, ChangeEvent& event) const;

  AvroSchema schema_;
  HeaderIndex header_;
  std::string object_;
  int last_modified_ = -1;
  bool has_is_deleted_ = false;  ///< the object's; no event carries it
  std::vector<FieldPlan> plan_;  ///< by position in the event; empty when the object is not mapped
};

}  // namespace duet::codec
