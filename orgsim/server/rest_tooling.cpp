// The part of the Tooling API that tools of a sync use: custom fields made, changed and removed, channel members, and
// queries over these, over managed subscriptions (spec §4.4) and over the definitions of objects and fields.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/custom_metadata.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/soql_ast.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/rest_tooling.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// The member of a record that a field name means, in any letter case; null when there is none.
const json* member(const json& record, std::string_view name) {
  const auto found =
      std::ranges::find_if(record.items(), [name](const auto& item) { return equals_ignoring_case(item.key(), name); });
  return found == record.items().end() ? nullptr : &found.value();
}

bool equals(const json& held, std::string_view field, const SoqlLiteral& literal) {
  if (literal.kind == SoqlLiteralKind::null) return held.is_null();
  if (const auto* flag = std::get_if<bool>(&literal.value)) return held == *flag;
  if (const auto* number = std::get_if<double>(&literal.value))
    return held.is_number() && held.get<double>() == *number;
  const auto* wanted = std::get_if<std::string>(&literal.value);
  if (wanted == nullptr || !held.is_string()) return false;
  if (equals_ignoring_case(field, "Id")) return canonical_id(*wanted) == held.get<std::string>();
  return equals_ignoring_case(held.get<std::string>(), *wanted);
}

/// What the filter says of the record, or the error of a filter that its object does not have.
Outcome<bool> matches(const SoqlCondition& condition, const json& record) {
  using Kind = SoqlCondition::Kind;
  if (condition.kind != Kind::compare) {
    bool all = true;
    bool any = false;
    for (const SoqlCondition& child : condition.children) {
      const Outcome<bool> one = matches(child, record);
      if (!one) return one;
      all &= *one;
      any |= *one;
    }
    return condition.kind == Kind::all ? all : condition.kind == Kind::any ? any : !any;
  }
  const std::string& field = condition.path.text;
  const json* held = member(record, field);
  if (held == nullptr || held->is_structured()) {
    return fail(codes::kInvalidField, fmt::format("field '{}' can not be filtered in a query call", field));
  }
  const bool any =
      std::ranges::any_of(condition.values, [&](const SoqlLiteral& literal) { return equals(*held, field, literal); });
  switch (condition.op) {
    case SoqlOperator::equal:
    case SoqlOperator::in:
      return any;
    case SoqlOperator::not_equal:
    case SoqlOperator::not_in:
      return !any;
    default:
      return fail("INVALID_QUERY_FILTER_OPERATOR", fmt::format("invalid operator on {} field", field));
  }
}

json custom_field(const RestCall& call, const CustomField& one) {
  const std::string id = one.field->custom_id;
  return {{"attributes", {{"type", "CustomField"}, {"url", call.base_path() + "/tooling/sobjects/CustomField/" + id}}},
          {"Id", id},
          {"TableEnumOrId", one.object->name},
          {"EntityDefinitionId", one.object->name},
          {"DeveloperName", one.field->name.substr(0, one.field->name.size() - 3)},
          {"NamespacePrefix", nullptr},
          {"ManageableState", "unmanaged"},
          {"FullName", one.full_name()},
          {"Metadata", field_metadata(*one.field)}};
}

json custom_fields(const RestCall& call, const Org& org) {
  json out = json::array();
  for (const ObjectDef& object : org.schema().objects()) {
    for (const FieldDef& field : object.fields) {
      if (field.custom && !field.removed && field.compound_name.empty())
        out.push_back(custom_field(call, {&object, &field}));
    }
  }
  return out;
}

json entity_definitions(const Org& org) {
  json out = json::array();
  for (const ObjectDef& object : org.schema().objects()) {
    if (object.hidden) continue;
    out.push_back({{"DurableId", object.name},
                   {"QualifiedApiName", object.name},
                   {"DeveloperName", object.custom ? object.name.substr(0, object.name.size() - 3) : object.name},
                   {"Label", object.label},
                   {"PluralLabel", object.label_plural},
                   {"KeyPrefix", object.key_prefix},
                   {"IsQueryable", object.queryable},
                   {"IsCustomizable", true}});
  }
  return out;
}

json field_definitions(const Org& org) {
  json out = json::array();
  for (const ObjectDef& object : org.schema().objects()) {
    for (const FieldDef& field : object.fields) {
      if (object.hidden || field.removed) continue;
      out.push_back({{"DurableId", object.name + "." + (field.custom ? field.custom_id.substr(0, 15) : field.name)},
                     {"EntityDefinitionId", object.name},
                     {"QualifiedApiName", field.name},
                     {"DeveloperName", field.custom ? field.name.substr(0, field.name.size() - 3) : field.name},
                     {"Label", field.label},
                     {"Length", field.length},
                     {"Precision", field.precision},
                     {"Scale", field.scale},
                     {"IsIndexed", field.id_lookup || field.unique || field.external_id},
                     {"IsNillable", field.nillable}});
    }
  }
  return out;
}

std::optional<json> rows_of(const RestCall& call, Org& org, std::string_view object) {
  if (equals_ignoring_case(object, "ManagedEventSubscription")) return org.subscriptions().to_json();
  if (equals_ignoring_case(object, "CustomField")) return custom_fields(call, org);
  if (equals_ignoring_case(object, "EntityDefinition")) return entity_definitions(org);
  if (equals_ignoring_case(object, "FieldDefinition")) return field_definitions(org);
  if (equals_ignoring_case(object, "PlatformEventChannel")) return channel_rows(call, org);
  if (equals_ignoring_case(object, "PlatformEventChannelMember")) return channel_member_rows(call, org);
  return std::nullopt;
}

/// Only what the SELECT list names, when every item of it is a member.
json selected(const json& record, const SoqlQuery& query) {
  json out = json::object();
  if (record.contains("attributes")) out["attributes"] = record["attributes"];
  for (const SoqlSelectItem& item : query.select) {
    if (const json* held = member(record, item.path.text)) out[item.path.text] = *held;
  }
  return out;
}

HttpResponse serve_tooling_query(const RestCall& call) {
  const auto soql = call.request.param("q");
  if (!soql) return error_answer(400, codes::kMalformedQuery, "The query is missing: q");
  const Outcome<SoqlQuery> query = parse_soql(*soql);
  if (!query) return error_answer(query.error());
  const OrgHost::Access org = call.environment.host.access();
  const auto rows = rows_of(call, *org, query->object.text);
  if (!rows) {
    return error_answer(400, codes::kInvalidType,
                        fmt::format("sObject type '{}' is not supported. If you are attempting to use a custom object, "
                                    "be sure to append the '__c' after the entity name.",
                                    query->object.text));
  }
  json records = json::array();
  for (const json& record : *rows) {
    const Outcome<bool> wanted = query->where ? matches(*query->where, record) : Outcome<bool>(true);
    if (!wanted) return error_answer(wanted.error());
    for (const SoqlSelectItem& item : query->select) {
      if (member(record, item.path.text) == nullptr) {
        return error_answer(400, codes::kInvalidField,
                            fmt::format("No such column '{}' on entity '{}'.", item.path.text, query->object.text));
      }
    }
    if (*wanted && records.size() < query->limit.value_or(SIZE_MAX)) records.push_back(selected(record, *query));
  }
  const std::size_t size = records.size();
  return json_answer(200, {{"size", size},
                           {"totalSize", size},
                           {"done", true},
                           {"queryLocator", nullptr},
                           {"entityTypeName", query->object.text},
                           {"records", std::move(records)}});
}

HttpResponse changed(const RestCall& call, OrgHost::Access& org, const Outcome<void>& done) {
  call.environment.host.note_schema_change(org);
  org.announce();
  return done ? empty_answer(204) : error_answer(done.error(), true);
}

HttpResponse serve_custom_field(const RestCall& call) {
  json body = json::object();
  if (call.is("POST") || call.is("PATCH")) {
    Outcome<json> read = parse_json(call.request.body);
    if (!read) return error_answer(read.error());
    if (!read->is_object()) return error_answer(400, codes::kJsonParser, "The body must be an object");
    body = *std::move(read);
  }
  const json* name = member(body, "FullName");
  const json* metadata = member(body, "Metadata");
  OrgHost::Access org = call.environment.host.access();
  CustomMetadata edit(*org);
  if (call.path.size() == 3) {
    if (!call.is("POST")) return method_not_allowed(call.request, "HEAD,POST");
    const Outcome<std::string> id =
        edit.create_field(name != nullptr && name->is_string() ? name->get<std::string>() : "",
                          metadata != nullptr ? *metadata : json(nullptr));
    call.environment.host.note_schema_change(org);
    org.announce();
    return id ? tooling_created(*id) : error_answer(id.error(), true);
  }
  const CustomField known = find_custom_field_by_id(org->schema(), call.segment(3));
  if (call.path.size() != 4 || known.field == nullptr) return not_found();
  if (call.is_read()) return json_answer(200, custom_field(call, known));
  const std::string full_name = known.full_name();
  if (call.is("DELETE")) return changed(call, org, edit.delete_field(full_name));
  if (!call.is("PATCH")) return method_not_allowed(call.request, "DELETE,GET,HEAD,PATCH");
  return changed(call, org, edit.update_field(full_name, metadata != nullptr ? *metadata : json(nullptr)));
}

/// Setup is for those who may change it.
bool may_customize(const RestCall& call) {
  return call.environment.host.access()->is_administrator(call.writer.user_id);
}

}  // namespace

HttpResponse tooling_created(const std::string& id) {
  return json_answer(201, {{"id", id},
                           {"success", true},
                           {"errors", json::array()},
                           {"warnings", json::array()},
                           {"infos", json::array()}});
}

HttpResponse serve_tooling(const RestCall& call) {
  const std::string what = to_lower(call.segment(1));
  if (what == "query" && call.path.size() == 2 && call.is_read()) return serve_tooling_query(call);
  if (what == "sobjects" && may_customize(call)) {
    if (equals_ignoring_case(call.segment(2), "CustomField")) return serve_custom_field(call);
    if (equals_ignoring_case(call.segment(2), "PlatformEventChannel") ||
        equals_ignoring_case(call.segment(2), "PlatformEventChannelMember")) {
      return serve_tooling_channels(call);
    }
  }
  return not_found();
}

}  // namespace orgsim
