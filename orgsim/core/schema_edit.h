#pragma once

#include <nlohmann/json_fwd.hpp>

#include "orgsim/core/schema.h"

namespace orgsim {

/// The shape that Schema::apply takes, for one object:
///   {"name":"Foo__c", "label":…, "labelPlural":…, "cdc":true,
///    "nameField":{"type":"string"|"autonumber","label":…,"length":80},
///    "fields":[{"name":"Ext__c","label":…,"type":"string","length":36,"precision":18,"scale":2,
///               "nillable":true,"required":false,"unique":false,"caseSensitive":false,"externalId":false,
///               "restrictedPicklist":false,"picklist":["A",{"value":"B","label":"b","default":true}],
///               "referenceTo":"Account"|["Account"],"relationshipName":"Parent__r","childRelationshipName":"Foos__r",
///               "masterDetail":false,"restrictedDelete":false,"autoNumber":false,"calculated":false,
///               "formula":"A__c * 2","formulaTreatNullNumberAsZero":false,
///               "defaultValue":…,"createable":…,"updateable":…,"richText":false,"remove":false,"readable":true,
///               "guarded":false}],
///    "recordTypes":[{"developerName":"Business","name":…,"description":…,"active":true,"default":false}],
///    "sharing":"ReadWrite"|"Read"|"Private"}
/// A name `Foo__e` makes a platform event, whose fields are `…__c` too.
/// A name that exists is altered: only the keys given change. A type change keeps to types that store alike. "remove"
/// takes a custom field away. "readable":false hides an optional field from everybody, as field-level security does;
/// its values stay. A new field that is "guarded" is seen by nobody without a permission for it, as the Tooling API
/// makes them. Standard objects take custom fields (`…__c`) and changes of their own fields.
/// A "formula" (formula.h) is computed at every read and never stored.
/// Errors: INVALID_FIELD, INVALID_TYPE, JSON_PARSER_ERROR, with what is wrong in the message;
/// FIELD_INTEGRITY_EXCEPTION for a formula.

/// A field from its definition; `existing` when it is altered. Unknown keys are errors, so that a typo is seen.
[[nodiscard]] Outcome<FieldDef> read_field_definition(const nlohmann::json& definition, const FieldDef* existing);

/// Sets the flags that a type implies: aggregatable, groupable, sortable, filterable. `length` must be set before.
void apply_type_flags(FieldDef& field);

/// The standard system fields of a custom object, in describe order.
[[nodiscard]] std::deque<FieldDef> custom_object_fields(const std::string& label, bool auto_number_name);

/// The standard fields of a platform event, in describe order.
[[nodiscard]] std::deque<FieldDef> platform_event_fields();

}  // namespace orgsim
