// What the query resource tells about a query instead of its rows: explain, and the metadata of its columns (spec
// §2.6).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/soql_ast.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// The fields of conditions that must all hold and that the org has an index for.
void indexed_fields(const ObjectDef& object, const SoqlCondition& condition, std::vector<std::string>& out) {
  if (condition.kind == SoqlCondition::Kind::all) {
    for (const SoqlCondition& child : condition.children) indexed_fields(object, child, out);
  }
  if (condition.kind != SoqlCondition::Kind::compare) return;
  const bool by_index = condition.op == SoqlOperator::equal || condition.op == SoqlOperator::in ||
                        (condition.op >= SoqlOperator::less && condition.op <= SoqlOperator::greater_equal);
  const FieldDef* field = object.field(condition.path.text);
  if (!by_index || field == nullptr) return;
  const bool has_index = field->id_lookup || field->unique || field->type == FieldType::reference ||
                         field->name == "SystemModstamp" || field->name == "CreatedDate" || field->name_field;
  if (has_index) out.push_back(field->name);
}

json column_json(const QueryColumn& column, std::string_view name) {
  const FieldDef& field = *column.field;
  const bool number = is_number(field.type);
  const bool flag = field.type == FieldType::boolean;
  return {{"aggregate", false},
          {"apexType", flag                                                                ? "Boolean"
                       : field.type == FieldType::int_                                     ? "Integer"
                       : number                                                            ? "Double"
                       : field.type == FieldType::datetime                                 ? "Datetime"
                       : field.type == FieldType::date                                     ? "Date"
                       : field.type == FieldType::time                                     ? "Time"
                       : field.type == FieldType::id || field.type == FieldType::reference ? "Id"
                                                                                           : "String"},
          {"booleanType", flag},
          {"columnName", name},
          {"custom", field.custom},
          {"displayName", name},
          {"foreignKeyName", nullptr},
          {"insertable", field.createable},
          {"joinColumns", json::array()},
          {"numberType", number},
          {"textType", is_text(field.type)},
          {"updatable", field.updateable}};
}

/// A column that only holds others: a relationship to a parent or to children.
json join_json(std::string_view name, bool aggregate, json foreign_key) {
  json out = {{"aggregate", aggregate},
              {"apexType", nullptr},
              {"columnName", name},
              {"displayName", name},
              {"foreignKeyName", std::move(foreign_key)},
              {"joinColumns", json::array()}};
  for (const char* flag : {"booleanType", "custom", "insertable", "numberType", "textType", "updatable"})
    out[flag] = false;
  return out;
}

/// "AVG(Amount)" as the org shows it: "avg(Amount)".
std::string function_name(const std::string& text) {
  const std::size_t end = std::min(text.find('('), text.size());
  return to_lower(text.substr(0, end)) + text.substr(end);
}

json function_json(const QueryColumn& column) {
  json out = column_json(column, column.path);
  out["aggregate"] = true;
  out["apexType"] = nullptr;
  out["displayName"] = function_name(column.function);
  for (const char* flag : {"custom", "insertable", "updatable"}) out[flag] = false;
  return out;
}

/// Puts the column into the tree of relationships: one column for each, its fields in joinColumns. `object` is the one
/// whose columns these are, or null when that is not known.
void add_column(json& columns, const Schema& schema, const ObjectDef* object, const QueryColumn& column,
                std::size_t depth) {
  if (depth == column.parents.size()) {
    columns.push_back(column_json(column, column.field->name));
    return;
  }
  const std::string& parent = column.parents[depth];
  auto found =
      std::find_if(columns.begin(), columns.end(), [&parent](const json& one) { return one["columnName"] == parent; });
  const FieldDef* reference = object == nullptr ? nullptr : object->relationship(parent);
  if (found == columns.end()) {
    columns.push_back(join_json(parent, false, reference == nullptr ? json() : json(reference->name)));
    found = columns.end() - 1;
  }
  const bool one_target = reference != nullptr && reference->reference_to.size() == 1;
  const ObjectDef* next = one_target ? schema.object(reference->reference_to.front()) : nullptr;
  add_column((*found)["joinColumns"], schema, next, column, depth + 1);
}

}  // namespace

HttpResponse serve_explain(const RestCall& call, std::string_view text) {
  OrgHost::Access org = call.environment.host.access();
  std::string soql(text);
  if (const std::string of_view = list_view_query(org, text); !of_view.empty()) soql = of_view;
  const Outcome<QueryCursor> cursor = org->query(soql, {.user_id = call.writer.user_id});
  if (!cursor) return error_answer(cursor.error());
  const ObjectDef& object = cursor->object();
  std::vector<std::string> fields;
  if (const auto parsed = parse_soql(soql); parsed && parsed->where) indexed_fields(object, *parsed->where, fields);
  const std::uint64_t all = org->record_count(object.name);
  const double share = all == 0 ? 0 : static_cast<double>(cursor->total_size()) / static_cast<double>(all);
  const json scan = {{"cardinality", cursor->total_size()},
                     {"fields", json::array()},
                     {"leadingOperationType", "TableScan"},
                     {"notes", json::array()},
                     {"relativeCost", fields.empty() ? 0.5 + share : 2.0 + share},
                     {"sobjectCardinality", all},
                     {"sobjectType", object.name}};
  json plans = json::array();
  if (!fields.empty()) {
    json index = scan;
    index["fields"] = fields;
    index["leadingOperationType"] = "Index";
    index["relativeCost"] = share;
    plans.push_back(std::move(index));
  }
  plans.push_back(scan);
  return json_answer(200, {{"plans", std::move(plans)}, {"sourceQuery", soql}});
}

HttpResponse serve_columns(const QueryCursor& cursor, const Schema& schema) {
  json columns = json::array();
  bool has_id = false;
  for (const QueryColumn& column : cursor.columns()) {
    if (cursor.is_aggregate()) {
      columns.push_back(column.function.empty() ? column_json(column, column.path) : function_json(column));
      continue;
    }
    add_column(columns, schema, &cursor.object(), column, 0);
    has_id = has_id || (column.parents.empty() && column.field->name == "Id");
  }
  for (const ChildColumns& children : cursor.child_columns()) {
    json join = join_json(children.relationship, true, nullptr);
    for (const QueryColumn& column : *children.columns) {
      const ObjectDef* child = column.parents.empty() ? schema.object(column.object) : nullptr;
      add_column(join["joinColumns"], schema, child, column, 0);
    }
    columns.push_back(std::move(join));
  }
  return json_answer(200, {{"columnMetadata", std::move(columns)},
                           {"entityName", cursor.object().name},
                           {"groupBy", cursor.is_aggregate()},
                           {"idSelected", has_id},
                           {"keyPrefix", cursor.object().key_prefix}});
}

}  // namespace orgsim
