// Page layouts, compact layouts, tabs, theme, list views (spec §2.8). The org has made none of its own: each object has
// one layout with all its fields, one compact layout and one list view with all its records.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/core/record_types.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::size_t kListColumns = 5;
constexpr std::size_t kListRowsMax = 2000;

/// One id for each object and kind of thing, the same whenever it is asked for.
std::string made_id(const char* prefix, const ObjectDef& object) {
  return make_id(prefix, object.index + std::uint64_t{1});
}

std::string object_path(const RestCall& call, const ObjectDef& object) {
  return call.base_path() + "/sobjects/" + object.name;
}

/// Fields that stand by themselves on a page: no part of a compound that is there itself, nothing compound without
/// parts.
std::vector<const FieldDef*> shown_fields(const ObjectDef& object, bool editable) {
  std::vector<const FieldDef*> out;
  for (const FieldDef& field : object.fields) {
    if (field.removed || field.type == FieldType::id || field.type == FieldType::base64) continue;
    if (editable && !field.createable && !field.updateable) continue;
    if (!field.compound_name.empty() && field.compound_name != field.name) continue;
    out.push_back(&field);
  }
  return out;
}

json layout_item(const FieldDef& field, bool editable) {
  const bool required = field.required_on_create();
  return {{"editableForNew", editable && field.createable},
          {"editableForUpdate", editable && field.updateable},
          {"label", field.label},
          {"layoutComponents",
           json::array({{{"details", {{"name", field.name}, {"type", type_name(field.type)}, {"label", field.label}}},
                         {"displayLines", 1},
                         {"tabOrder", 1},
                         {"type", "Field"},
                         {"value", field.name}}})},
          {"placeholder", false},
          {"required", required}};
}

json layout_sections(const ObjectDef& object, const std::string& layout_id, bool editable) {
  json rows = json::array();
  json items = json::array();
  for (const FieldDef* field : shown_fields(object, editable)) {
    items.push_back(layout_item(*field, editable));
    if (items.size() == 2) {
      rows.push_back({{"layoutItems", std::move(items)}, {"numItems", 2}});
      items = json::array();
    }
  }
  if (!items.empty()) rows.push_back({{"numItems", items.size()}, {"layoutItems", std::move(items)}});
  return json::array({{{"collapsed", false},
                       {"columns", 2},
                       {"heading", "Information"},
                       {"layoutRows", rows},
                       {"layoutSectionId", made_id("01B", object)},
                       {"parentLayoutId", layout_id},
                       {"rows", rows.size()},
                       {"tabOrder", "LeftToRight"},
                       {"useCollapsibleSection", false},
                       {"useHeading", false}}});
}

json layout_json(const ObjectDef& object) {
  const std::string id = made_id("00h", object);
  return {{"id", id},
          {"buttonLayoutSection", {{"detailButtons", json::array()}}},
          {"detailLayoutSections", layout_sections(object, id, false)},
          {"editLayoutSections", layout_sections(object, id, true)},
          {"feedView", nullptr},
          {"highlightsPanelLayoutSection", nullptr},
          {"multirowEditLayoutSections", json::array()},
          {"offlineLinks", json::array()},
          {"quickActionList", {{"quickActionListItems", json::array()}}},
          {"relatedContent", nullptr},
          {"relatedLists", json::array()},
          {"saveOptions", json::array()}};
}

HttpResponse layouts(const RestCall& call, const ObjectDef& object, std::string_view record_type) {
  const std::string url = object_path(call, object) + "/describe/layouts/";
  json mappings = record_type_infos(object);
  if (!record_type.empty()) {
    const auto id = canonical_id(record_type);
    const bool known = id && std::ranges::any_of(mappings, [&](const json& one) { return one["recordTypeId"] == *id; });
    return known ? json_answer(200, layout_json(object)) : not_found();
  }
  for (json& mapping : mappings) {
    mapping["layoutId"] = made_id("00h", object);
    mapping["picklistsForRecordType"] = nullptr;
    mapping["urls"] = {{"layout", url + mapping["recordTypeId"].get<std::string>()}};
  }
  return json_answer(200, {{"layouts", json::array({layout_json(object)})},
                           {"recordTypeMappings", std::move(mappings)},
                           {"recordTypeSelectorRequired", json::array({!object.record_types.empty()})}});
}

std::vector<const FieldDef*> main_fields(const ObjectDef& object, std::size_t max) {
  std::vector<const FieldDef*> out;
  if (const FieldDef* name = object.name_field(); name != nullptr) out.push_back(name);
  for (const FieldDef* field : shown_fields(object, true)) {
    if (out.size() >= max) break;
    if (!is_compound(field->type) && std::ranges::find(out, field) == out.end()) out.push_back(field);
  }
  return out;
}

HttpResponse compact_layouts(const RestCall& call, const ObjectDef& object) {
  json items = json::array();
  for (const FieldDef* field : main_fields(object, 4)) items.push_back(layout_item(*field, false));
  const std::string base = object_path(call, object) + "/describe/compactLayouts/";
  json mappings = json::array();
  for (const json& type : record_type_infos(object)) {
    const auto id = type["recordTypeId"].get<std::string>();
    mappings.push_back({{"available", type["available"]},
                        {"compactLayoutId", nullptr},
                        {"compactLayoutName", "SYSTEM"},
                        {"recordTypeId", id},
                        {"recordTypeName", type["name"]},
                        {"urls", {{"compactLayout", base + id}}}});
  }
  return json_answer(200, {{"compactLayouts", json::array({{{"actions", json::array()},
                                                            {"fieldItems", std::move(items)},
                                                            {"id", nullptr},
                                                            {"imageItems", json::array()},
                                                            {"label", "System Default"},
                                                            {"name", "SYSTEM"},
                                                            {"objectType", object.name}}})},
                           {"defaultCompactLayoutId", nullptr},
                           {"recordTypeCompactLayoutMappings", std::move(mappings)},
                           {"urls", {{"primary", base + "primary"}}}});
}

std::string list_soql(const ObjectDef& object) {
  std::string soql = "SELECT Id";
  for (const FieldDef* field : main_fields(object, kListColumns)) soql += ", " + field->name;
  soql += " FROM " + object.name;
  const FieldDef* name = object.name_field();
  return soql + " ORDER BY " + (name != nullptr && name->sortable ? name->name + " ASC NULLS FIRST, " : "") +
         "Id ASC NULLS FIRST";
}

json list_columns(const ObjectDef& object) {
  json out = json::array();
  for (const FieldDef* field : main_fields(object, kListColumns)) {
    const bool sorted = field == object.name_field();
    out.push_back({{"ascendingLabel", "A-Z"},
                   {"descendingLabel", "Z-A"},
                   {"fieldNameOrPath", field->name},
                   {"hidden", false},
                   {"label", field->label},
                   {"searchable", false},
                   {"selectListItem", field->name},
                   {"sortDirection", sorted ? json("ascending") : json()},
                   {"sortIndex", sorted ? json(0) : json()},
                   {"sortable", field->sortable},
                   {"type", type_name(field->type)}});
  }
  return out;
}

json list_view(const RestCall& call, const ObjectDef& object) {
  const std::string id = made_id("00B", object);
  const std::string url = object_path(call, object) + "/listviews/" + id;
  std::string developer_name = "All" + object.label_plural;
  std::erase_if(developer_name, [](unsigned char c) { return std::isalnum(c) == 0; });
  return {{"describeUrl", url + "/describe"},
          {"developerName", developer_name},
          {"id", id},
          {"label", "All " + object.label_plural},
          {"resultsUrl", url + "/results"},
          {"soqlCompatible", true},
          {"url", url}};
}

HttpResponse list_describe(const ObjectDef& object) {
  return json_answer(
      200, {{"columns", list_columns(object)},
            {"id", made_id("00B", object)},
            {"orderBy",
             json::array({{{"fieldNameOrPath", "Id"}, {"nullsPosition", "first"}, {"sortDirection", "ascending"}}})},
            {"query", list_soql(object)},
            {"relatedEntityId", nullptr},
            {"scope", "everything"},
            {"scopeEntityId", nullptr},
            {"sobjectType", object.name},
            {"whereCondition", {{"conditions", json::array()}, {"conjunction", "and"}}}});
}

HttpResponse list_results(const RestCall& call, const OrgHost::Access& org, const ObjectDef& object) {
  Outcome<QueryCursor> cursor = org->query(list_soql(object), {.user_id = call.writer.user_id});
  if (!cursor) return error_answer(cursor.error());
  json records = json::array();
  while (records.size() < kListRowsMax && cursor->next()) {
    json cells = json::array();
    for (std::size_t i = 0; i < cursor->columns().size(); ++i) {
      const QueryColumn& column = cursor->columns()[i];
      const json value = rest_value(*column.field, cursor->cells()[i]);
      // The view shows texts.
      cells.push_back({{"fieldNameOrPath", column.path},
                       {"value", value.is_null() || value.is_string() ? value : json(value.dump())}});
    }
    records.push_back({{"columns", std::move(cells)}});
  }
  const json view = list_view(call, object);
  return json_answer(200, {{"columns", list_columns(object)},
                           {"developerName", view["developerName"]},
                           {"done", cursor->done()},
                           {"id", view["id"]},
                           {"label", view["label"]},
                           {"size", records.size()},
                           {"records", std::move(records)}});
}

json tab_json(const RestCall& call, const ObjectDef& object) {
  const std::string origin = call.request.origin();
  return {{"colors", json::array()},
          {"custom", object.custom},
          {"iconUrl", origin + "/img/icon/objects32.png"},
          {"icons", json::array()},
          {"label", object.label_plural},
          {"miniIconUrl", origin + "/img/icon/objects16.png"},
          {"name", object.custom ? object.name : "standard-" + object.name},
          {"sobjectName", object.name},
          {"url", origin + "/" + object.key_prefix + "/o"}};
}

}  // namespace

HttpResponse serve_layouts(const RestCall& call, std::string_view object_name) {
  if (!call.is_read()) return method_not_allowed(call.request, "HEAD,GET");
  const OrgHost::Access org = call.environment.host.access();
  const auto schema = call.schema(org);
  const ObjectDef& object = *schema->object(object_name);
  if (!object.layoutable) return not_found();
  const std::string kind = to_lower(call.segment(3));
  if (kind == "layouts" && call.path.size() <= 5) return layouts(call, object, call.segment(4));
  if (kind == "compactlayouts" && call.path.size() == 4) return compact_layouts(call, object);
  if (kind == "approvallayouts" && call.path.size() == 4) return json_answer(200, {{"approvalLayouts", json::array()}});
  // The one named layout that every org has.
  if (kind == "namedlayouts" && object.name == "User" && call.segment(4) == "UserAlt" && call.path.size() == 5) {
    return json_answer(200, {{"layouts", json::array({layout_json(object)})},
                             {"recordTypeMappings", json::array()},
                             {"recordTypeSelectorRequired", json::array({false})}});
  }
  return not_found();
}

HttpResponse serve_list_views(const RestCall& call, std::string_view object_name) {
  if (!call.is_read()) return method_not_allowed(call.request, "HEAD,GET");
  const OrgHost::Access org = call.environment.host.access();
  const auto schema = call.schema(org);
  const ObjectDef& object = *schema->object(object_name);
  if (!object.layoutable) return not_found();
  if (call.path.size() == 3) {
    return json_answer(200, {{"done", true},
                             {"listviews", json::array({list_view(call, object)})},
                             {"nextRecordsUrl", nullptr},
                             {"size", 1},
                             {"sobjectType", object.name}});
  }
  if (canonical_id(call.segment(3)) != made_id("00B", object)) return not_found();
  const std::string what = to_lower(call.segment(4));
  if (call.path.size() == 4) return json_answer(200, list_view(call, object));
  if (call.path.size() == 5 && what == "describe") return list_describe(object);
  if (call.path.size() == 5 && what == "results") return list_results(call, org, object);
  return not_found();
}

std::string list_view_query(const OrgHost::Access& org, std::string_view id) {
  const auto canonical = canonical_id(id);
  if (!canonical || !canonical->starts_with("00B")) return {};
  for (const ObjectDef& object : org->schema().objects()) {
    if (object.layoutable && made_id("00B", object) == *canonical) return list_soql(object);
  }
  return {};
}

HttpResponse serve_tabs(const RestCall& call) {
  json body = json::array();
  const OrgHost::Access org = call.environment.host.access();
  const auto schema = call.schema(org);
  for (const ObjectDef& object : schema->objects()) {
    if (object.layoutable && object.mru_enabled && !object.hidden) body.push_back(tab_json(call, object));
  }
  return json_answer(200, body);
}

HttpResponse serve_theme(const RestCall& call) {
  json items = json::array();
  const OrgHost::Access org = call.environment.host.access();
  const auto schema = call.schema(org);
  for (const ObjectDef& object : schema->objects()) {
    if (!object.layoutable || object.hidden) continue;
    items.push_back({{"name", object.name}, {"colors", json::array()}, {"icons", json::array()}});
  }
  return json_answer(200, {{"themeItems", std::move(items)}});
}

}  // namespace orgsim
