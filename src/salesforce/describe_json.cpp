#include "salesforce/describe_json.h"

#include <simdjson.h>

namespace duet::salesforce {
namespace {

using simdjson::dom::element;

constexpr std::size_t kMaxFields = 2'000;

std::unexpected<Error> bad(std::string detail) {
  return fail(ErrorKind::bad_data, "Salesforce's description of its objects cannot be read", "JSON", std::move(detail));
}

bool flag(element json, std::string_view key) {
  bool value = false;
  if (json[key].get(value)) return false;
  return value;
}

std::string text(element json, std::string_view key) {
  std::string_view value;
  if (json[key].get(value)) return {};
  return std::string(value);
}

int number(element json, std::string_view key) {
  std::int64_t value = 0;
  if (json[key].get(value) || value < 0 || value > 1'000'000'000) return 0;
  return static_cast<int>(value);
}

FieldSchema read_field(element json) {
  FieldSchema field;
  field.name = text(json, "name");
  field.label = text(json, "label");
  field.type = field_type_from_name(text(json, "type"));
  field.length = number(json, "length");
  field.precision = number(json, "precision");
  field.scale = number(json, "scale");
  field.nillable = flag(json, "nillable");
  field.createable = flag(json, "createable");
  field.updateable = flag(json, "updateable");
  field.calculated = flag(json, "calculated");
  field.formula = text(json, "calculatedFormula");
  field.auto_number = flag(json, "autoNumber");
  field.defaulted_on_create = flag(json, "defaultedOnCreate");
  field.external_id = flag(json, "externalId");
  field.unique = flag(json, "unique");
  field.case_sensitive = flag(json, "caseSensitive");
  field.id_lookup = flag(json, "idLookup");
  field.restricted_picklist = flag(json, "restrictedPicklist");
  // Master-detail fields are the ones that either cascade or need write access to their master.
  field.cascade_delete = flag(json, "cascadeDelete") || flag(json, "writeRequiresMasterRead");
  field.compound_field = text(json, "compoundFieldName");
  // Some fields of an org name themselves as their compound.
  if (field.compound_field == field.name) field.compound_field.clear();
  field.relationship_name = text(json, "relationshipName");
  simdjson::dom::array targets;
  if (!json["referenceTo"].get(targets)) {
    for (element target : targets) {
      std::string_view name;
      if (!target.get(name)) field.reference_to.emplace_back(name);
    }
  }
  return field;
}

}  // namespace

Result<std::vector<ports::ObjectSummary>> read_object_list(std::string_view body) {
  simdjson::dom::parser parser;
  element document;
  simdjson::dom::array objects;
  if (parser.parse(body.data(), body.size()).get(document) || document["sobjects"].get(objects))
    return bad("the list of objects");
  std::vector<ports::ObjectSummary> result;
  result.reserve(objects.size());
  for (element json : objects) {
    ports::ObjectSummary object;
    object.name = text(json, "name");
    if (object.name.empty()) return bad("an object without a name");
    object.label = text(json, "label");
    object.key_prefix = text(json, "keyPrefix");
    object.queryable = flag(json, "queryable");
    object.createable = flag(json, "createable");
    object.updateable = flag(json, "updateable");
    object.deletable = flag(json, "deletable");
    object.replicateable = flag(json, "replicateable");
    result.push_back(std::move(object));
  }
  return result;
}

Result<ObjectSchema> read_describe(std::string_view body) {
  simdjson::dom::parser parser;
  element document;
  simdjson::dom::array fields;
  if (parser.parse(body.data(), body.size()).get(document) || document["fields"].get(fields))
    return bad("the fields of an object");
  if (fields.size() > kMaxFields) return bad("more than 2,000 fields");
  ObjectSchema schema;
  schema.name = text(document, "name");
  if (schema.name.empty()) return bad("an object without a name");
  schema.label = text(document, "label");
  schema.key_prefix = text(document, "keyPrefix");
  schema.custom = flag(document, "custom");
  schema.createable = flag(document, "createable");
  schema.updateable = flag(document, "updateable");
  schema.deletable = flag(document, "deletable");
  schema.queryable = flag(document, "queryable");
  schema.replicateable = flag(document, "replicateable");
  for (element json : fields) {
    FieldSchema field = read_field(json);
    if (field.name.empty()) return bad("a field without a name in " + schema.name);
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

}  // namespace duet::salesforce
