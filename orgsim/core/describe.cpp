#include "orgsim/core/describe.h"

#include <array>
#include <nlohmann/json.hpp>

#include "orgsim/core/record_types.h"

namespace orgsim {

namespace {

using nlohmann::json;

json text_or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

std::string_view soap_type(FieldType type) {
  switch (type) {
    case FieldType::id:
    case FieldType::reference:
      return "tns:ID";
    case FieldType::boolean:
      return "xsd:boolean";
    case FieldType::int_:
      return "xsd:int";
    case FieldType::long_:
      return "xsd:long";
    case FieldType::double_:
    case FieldType::currency:
    case FieldType::percent:
      return "xsd:double";
    case FieldType::date:
      return "xsd:date";
    case FieldType::datetime:
      return "xsd:dateTime";
    case FieldType::time:
      return "xsd:time";
    case FieldType::base64:
      return "xsd:base64Binary";
    case FieldType::address:
      return "urn:address";
    case FieldType::location:
      return "urn:location";
    default:
      return "xsd:string";
  }
}

std::int32_t byte_length(const FieldDef& field) {
  // The two exceptions are the ones that live describes show.
  if (field.name == "Comments" && field.length == 4000) return 4000;
  if (field.name == "Fiscal" && field.length == 6) return 6;
  if (field.type == FieldType::id || field.type == FieldType::reference) return field.length;
  return is_text(field.type) && field.type != FieldType::base64 ? field.length * 3 : 0;
}

json default_value(const FieldDef& field) {
  if (field.type == FieldType::boolean) return field.default_boolean();
  return nullptr;
}

json picklist_values(const FieldDef& field) {
  json values = json::array();
  for (const PicklistEntry& entry : field.picklist) {
    values.push_back({{"active", entry.active},
                      {"defaultValue", entry.is_default},
                      {"label", entry.label},
                      {"validFor", nullptr},
                      {"value", entry.value}});
  }
  return values;
}

json describe_field(const FieldDef& field) {
  const bool polymorphic = field.reference_to.size() > 1;
  json out = {
      {"aggregatable", field.aggregatable},
      {"aiPredictionField", false},
      {"autoNumber", field.auto_number},
      {"byteLength", byte_length(field)},
      {"calculated", field.calculated},
      {"calculatedFormula", text_or_null(field.formula)},
      {"cascadeDelete", field.cascade_delete},
      {"caseSensitive", field.case_sensitive},
      {"compoundFieldName", text_or_null(field.compound_name)},
      {"controllerName", nullptr},
      {"createable", field.createable},
      {"custom", field.custom},
      {"defaultValue", default_value(field)},
      {"defaultValueFormula", nullptr},
      {"defaultedOnCreate", field.defaulted_on_create},
      {"dependentPicklist", false},
      {"deprecatedAndHidden", false},
      {"digits", field.digits},
      {"displayLocationInDecimal", false},
      {"encrypted", field.type == FieldType::encryptedstring},
      {"externalId", field.external_id},
      {"extraTypeInfo", text_or_null(field.extra_type_info)},
      {"filterable", field.filterable},
      {"filteredLookupInfo", nullptr},
      {"formulaTreatNullNumberAsZero", field.blank_is_zero},
      {"groupable", field.groupable},
      {"highScaleNumber", false},
      {"htmlFormatted", field.html_formatted},
      {"idLookup", field.id_lookup},
      {"inlineHelpText", nullptr},
      {"label", field.label},
      {"length", field.length},
      {"mask", nullptr},
      {"maskType", nullptr},
      {"name", field.name},
      {"nameField", field.name_field},
      {"namePointing", polymorphic},
      {"nillable", field.nillable},
      {"permissionable", field.permissionable()},
      {"picklistValues", picklist_values(field)},
      {"polymorphicForeignKey", polymorphic},
      {"precision", field.precision},
      {"queryByDistance", is_compound(field.type)},
      {"referenceTargetField", nullptr},
      {"referenceTo", field.reference_to},
      {"relationshipName", text_or_null(field.relationship_name)},
      {"relationshipOrder", field.cascade_delete && field.custom ? json(0) : json(nullptr)},
      {"restrictedDelete", field.restricted_delete},
      {"restrictedPicklist", field.restricted_picklist},
      {"scale", field.scale},
      {"searchPrefilterable", field.type == FieldType::reference},
      {"soapType", soap_type(field.type)},
      {"sortable", field.sortable},
      {"type", type_name(field.type)},
      {"unique", field.unique},
      {"updateable", field.updateable},
      {"writeRequiresMasterRead", false},
  };
  return out;
}

json describe_children(const ObjectDef& object) {
  json children = json::array();
  for (const ChildRelationship& child : object.children) {
    children.push_back({{"cascadeDelete", child.cascade_delete},
                        {"childSObject", child.child_object},
                        {"deprecatedAndHidden", false},
                        {"field", child.field},
                        {"junctionIdListNames", json::array()},
                        {"junctionReferenceTo", json::array()},
                        {"relationshipName", text_or_null(child.relationship_name)},
                        {"restrictedDelete", child.restricted_delete}});
  }
  return children;
}

}  // namespace

json describe_basic(const ObjectDef& object, std::string_view version) {
  const std::string base = "/services/data/v" + std::string(version) + "/sobjects/" + object.name;
  json urls = {{"rowTemplate", base + "/{ID}"}, {"describe", base + "/describe"}, {"sobject", base}};
  if (object.layoutable) {
    urls["layouts"] = base + "/describe/layouts";
    urls["compactLayouts"] = base + "/describe/compactLayouts";
    urls["approvalLayouts"] = base + "/describe/approvalLayouts";
    urls["quickActions"] = base + "/quickActions";
    urls["listviews"] = base + "/listviews";
  }
  return {
      {"activateable", false},
      {"associateEntityType", nullptr},
      {"associateParentEntity", nullptr},
      {"createable", object.createable},
      {"custom", object.custom},
      {"customSetting", false},
      {"deepCloneable", false},
      {"deletable", object.deletable},
      {"deprecatedAndHidden", false},
      {"feedEnabled", object.feed_enabled},
      {"hasSubtypes", false},
      {"isInterface", false},
      {"isSubtype", false},
      {"keyPrefix", text_or_null(object.key_prefix)},
      {"label", object.label},
      {"labelPlural", object.label_plural},
      {"layoutable", object.layoutable},
      {"mergeable", object.mergeable},
      {"mruEnabled", object.mru_enabled},
      {"name", object.name},
      {"queryable", object.queryable},
      {"replicateable", object.replicateable},
      {"retrieveable", object.retrieveable},
      {"searchable", object.searchable},
      {"triggerable", object.triggerable},
      {"undeletable", object.undeletable},
      {"updateable", object.updateable},
      {"urls", std::move(urls)},
  };
}

json describe_global(const Schema& schema, std::string_view version) {
  json sobjects = json::array();
  for (const ObjectDef& object : schema.objects()) {
    if (!object.hidden) sobjects.push_back(describe_basic(object, version));
  }
  return {{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", std::move(sobjects)}};
}

json describe_object(const ObjectDef& object, std::string_view version) {
  json out = describe_basic(object, version);
  json fields = json::array();
  for (const FieldDef& field : object.fields) {
    if (!field.removed) fields.push_back(describe_field(field));
  }
  out["fields"] = std::move(fields);
  out["childRelationships"] = describe_children(object);
  const std::string layouts = "/services/data/v" + std::string(version) + "/sobjects/" + object.name + "/describe/";
  json record_types = record_type_infos(object);
  for (json& info : record_types) {
    info["urls"] = json::object();
    if (object.layoutable) info["urls"]["layout"] = layouts + "layouts/" + info["recordTypeId"].get<std::string>();
  }
  out["recordTypeInfos"] = std::move(record_types);
  out["supportedScopes"] = json::array({{{"label", "All " + object.label_plural}, {"name", "everything"}}});
  out["actionOverrides"] = json::array();
  out["namedLayoutInfos"] = json::array();
  if (object.name == "User") {
    out["namedLayoutInfos"].push_back({{"name", "UserAlt"}, {"urls", {{"layout", layouts + "namedLayouts/UserAlt"}}}});
  }
  for (const char* absent :
       {"defaultImplementation", "extendedBy", "extendsInterfaces", "implementedBy", "implementsInterfaces",
        "listviewable", "lookupLayoutable", "networkScopeFieldName", "sobjectDescribeOption"}) {
    out[absent] = nullptr;
  }
  out["compactLayoutable"] = object.layoutable;
  out["searchLayoutable"] = object.searchable;
  return out;
}

}  // namespace orgsim
