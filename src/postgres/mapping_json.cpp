#include "postgres/mapping_json.h"

#include "codec/json_members.h"

namespace duet::postgres {
namespace {

using Json = nlohmann::json;
using codec::JsonMembers;

// Structured bindings name every member: who adds one to the model is told by the compiler to store it as well.

Json to_json(const FieldSchema& schema) {
  const auto& [name, label, type, length, precision, scale, nillable, createable, updateable, calculated, formula,
               auto_number, defaulted_on_create, external_id, unique, case_sensitive, id_lookup, restricted_picklist,
               cascade_delete, compound_field, relationship_name, reference_to] = schema;
  return {{"name", name},
          {"label", label},
          {"type", name_of(type)},
          {"length", length},
          {"precision", precision},
          {"scale", scale},
          {"nillable", nillable},
          {"createable", createable},
          {"updateable", updateable},
          {"calculated", calculated},
          {"formula", formula},
          {"auto_number", auto_number},
          {"defaulted_on_create", defaulted_on_create},
          {"external_id", external_id},
          {"unique", unique},
          {"case_sensitive", case_sensitive},
          {"id_lookup", id_lookup},
          {"restricted_picklist", restricted_picklist},
          {"cascade_delete", cascade_delete},
          {"compound_field", compound_field},
          {"relationship_name", relationship_name},
          {"reference_to", reference_to}};
}

Result<FieldSchema> schema_from(const Json& json) {
  FieldSchema schema;
  JsonMembers members(json);
  std::string type;
  members.read("name", schema.name);
  members.read("label", schema.label);
  members.read("type", type);
  members.read("length", schema.length);
  members.read("precision", schema.precision);
  members.read("scale", schema.scale);
  members.read("nillable", schema.nillable);
  members.read("createable", schema.createable);
  members.read("updateable", schema.updateable);
  members.read("calculated", schema.calculated);
  members.read("formula", schema.formula);
  members.read("auto_number", schema.auto_number);
  members.read("defaulted_on_create", schema.defaulted_on_create);
  members.read("external_id", schema.external_id);
  members.read("unique", schema.unique);
  members.read("case_sensitive", schema.case_sensitive);
  members.read("id_lookup", schema.id_lookup);
  members.read("restricted_picklist", schema.restricted_picklist);
  members.read("cascade_delete", schema.cascade_delete);
  members.read("compound_field", schema.compound_field);
  members.read("relationship_name", schema.relationship_name);
  members.read("reference_to", schema.reference_to);
  DUET_TRY(members.finish("field schema"));
  schema.type = field_type_from_name(type);
  return schema;
}

Result<ConflictPolicy> policy_from(const Json& json) {
  if (json.is_string()) {
    if (auto policy = conflict_policy_from_name(json.get_ref<const std::string&>())) return *policy;
  }
  return fail(ErrorKind::bad_data, "unknown conflict policy");
}

Json to_json(const ParentKey& parent) {
  const auto& [reference, relationship, object, key_field] = parent;
  return {{"reference", reference}, {"relationship", relationship}, {"object", object}, {"key_field", key_field}};
}

Result<ParentKey> parent_from(const Json& json) {
  ParentKey parent;
  JsonMembers members(json);
  members.read("reference", parent.reference);
  members.read("relationship", parent.relationship);
  members.read("object", parent.object);
  members.read("key_field", parent.key_field);
  DUET_TRY(members.finish("parent key"));
  return parent;
}

Json to_json(const MappedField& field) {
  const auto& [schema, column, conflict, parent] = field;
  Json json = {{"schema", to_json(schema)}, {"column", column}};
  if (conflict) json["conflict"] = name_of(*conflict);
  if (parent) json["parent"] = to_json(*parent);
  return json;
}

Result<MappedField> field_from(const Json& json) {
  MappedField field;
  JsonMembers members(json);
  members.read_with("schema", field.schema, schema_from);
  members.read("column", field.column);
  members.read_with("conflict", field.conflict, policy_from);
  members.read_with("parent", field.parent, parent_from);
  DUET_TRY(members.finish("mapped field"));
  return field;
}

Json to_json(const MappedIndex& index) {
  const auto& [field, unique] = index;
  return {{"field", field}, {"unique", unique}};
}

Result<MappedIndex> index_from(const Json& json) {
  MappedIndex index;
  JsonMembers members(json);
  members.read("field", index.field);
  members.read("unique", index.unique);
  DUET_TRY(members.finish("mapped index"));
  return index;
}

Json to_json(const FieldGroup& group) {
  const auto& [name, fields] = group;
  return {{"name", name}, {"fields", fields}};
}

Result<FieldGroup> group_from(const Json& json) {
  FieldGroup group;
  JsonMembers members(json);
  members.read("name", group.name);
  members.read("fields", group.fields);
  DUET_TRY(members.finish("field group"));
  return group;
}

}  // namespace

std::string mapping_to_json(const Mapping& mapping) {
  const auto& [id, object, table, access, source, source_reason, upsert_field, conflict, delete_conflict,
               polling_seconds, has_is_deleted, can_merge, ordered, fields, indexes, groups, match] = mapping;
  (void)id;
  Json json = {{"object", object},
               {"table", table},
               {"read_write", access == Access::read_write},
               {"poll", source == InboundSource::poll},
               {"source_reason", source_reason},
               {"upsert_field", upsert_field},
               {"conflict", name_of(conflict)},
               {"delete_conflict", name_of(delete_conflict)},
               {"polling_seconds", polling_seconds},
               {"has_is_deleted", has_is_deleted},
               {"can_merge", can_merge},
               {"ordered", ordered},
               {"fields", Json::array()},
               {"indexes", Json::array()}};
  for (const MappedField& field : fields) json["fields"].push_back(to_json(field));
  for (const MappedIndex& index : indexes) json["indexes"].push_back(to_json(index));
  for (const FieldGroup& group : groups) json["groups"].push_back(to_json(group));
  if (!match.empty()) json["match"] = match;
  return codec::dump_json(json);
}

Result<Mapping> mapping_from_json(std::string_view text) {
  const Json json = DUET_TRY(codec::parse_json_object(text));
  Mapping mapping;
  bool read_write = false;
  bool poll = false;
  JsonMembers members(json);
  members.read("object", mapping.object);
  members.read("table", mapping.table);
  members.read("read_write", read_write);
  members.read("poll", poll);
  members.read("source_reason", mapping.source_reason);
  members.read("upsert_field", mapping.upsert_field);
  members.read_with("conflict", mapping.conflict, policy_from);
  members.read_with("delete_conflict", mapping.delete_conflict, policy_from);
  members.read("polling_seconds", mapping.polling_seconds);
  members.read("has_is_deleted", mapping.has_is_deleted);
  members.read("can_merge", mapping.can_merge);
  members.read("ordered", mapping.ordered);
  members.read_list("fields", mapping.fields, field_from);
  members.read_list("indexes", mapping.indexes, index_from);
  members.read_list("groups", mapping.groups, group_from);
  members.read("match", mapping.match);
  DUET_TRY(members.finish("mapping"));
  mapping.access = read_write ? Access::read_write : Access::read_only;
  mapping.source = poll ? InboundSource::poll : InboundSource::events;
  return mapping;
}

}  // namespace duet::postgres
