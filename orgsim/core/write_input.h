#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// A parent named by its external id instead of by Id: {"Account":{"Ext__c":"A-1"}} (spec §2.3).
struct ParentKey {
  std::string object;  ///< attributes.type, needed for polymorphic references only; else empty
  std::string field;
  Value value;
};

/// A field value as the caller sent it, before the field's type is known. Text is parsed by the field's type, so that
/// "12" is good for a number and "2026-01-01" for a date; the stored forms of value.h are good too.
struct InputField {
  std::string name;  ///< field name, or relationship name when the value is a ParentKey; any letter case
  std::variant<Value, ParentKey> value;
};

/// What a caller wants to write to one record: fields spoken of, null included; absent fields are not listed.
struct RecordInput {
  std::string object;  ///< attributes.type, where the transport names the object per record; else empty
  std::string id;      ///< "Id" / "id" of the body, or empty
  std::vector<InputField> fields;
  bool csv = false;  ///< built from CSV cells: a value that does not parse is worded as Bulk words it

  void set(std::string_view name, Value value);
  void set_parent(std::string_view relationship, std::string_view key_field, Value key, std::string_view object = {});
};

/// Reads one record of a JSON body: fields, relationship objects, "attributes" and "id" (any case). JSON_PARSER_ERROR
/// for bodies that are no object, nested arrays and the like. Types are checked later, when the field is known.
[[nodiscard]] Outcome<RecordInput> record_input(const nlohmann::json& body);

/// Adds one CSV cell: `header` is "Name", "Account.Ext__c", "Parent__r.Ext__c" or "Type:Rel.Ext__c"; a cell "#N/A" is
/// null and an empty cell is not spoken of (spec §3.1).
void add_csv_cell(RecordInput& record, std::string_view header, std::string_view cell);

}  // namespace orgsim
