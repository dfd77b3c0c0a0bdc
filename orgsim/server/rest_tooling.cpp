// The part of the Tooling API that clients of the Pub/Sub API use: queries for managed subscriptions (spec §4.4).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/core/soql_ast.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::string_view kObject = "ManagedEventSubscription";

bool equals(const json& record, const std::string& field, const SoqlLiteral& literal) {
  const auto* wanted = std::get_if<std::string>(&literal.value);
  if (wanted == nullptr) return false;
  if (equals_ignoring_case(field, "Id")) return canonical_id(*wanted) == record["Id"].get<std::string>();
  return equals_ignoring_case(record["DeveloperName"].get<std::string>(), *wanted);
}

/// What the filter says of the record, or the error of a filter that managed subscriptions do not have.
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
  if (!equals_ignoring_case(field, "Id") && !equals_ignoring_case(field, "DeveloperName")) {
    return fail(codes::kInvalidField, fmt::format("field '{}' can not be filtered in a query call", field));
  }
  const bool any =
      std::ranges::any_of(condition.values, [&](const SoqlLiteral& literal) { return equals(record, field, literal); });
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

}  // namespace

HttpResponse serve_tooling(const RestCall& call) {
  if (!call.is_read() || !equals_ignoring_case(call.segment(1), "query") || call.path.size() != 2) return not_found();
  const auto soql = call.request.param("q");
  if (!soql) return error_answer(400, codes::kMalformedQuery, "The query is missing: q");
  const Outcome<SoqlQuery> query = parse_soql(*soql);
  if (!query) return error_answer(query.error());
  if (!equals_ignoring_case(query->object.text, kObject)) {
    return error_answer(400, codes::kInvalidType,
                        fmt::format("sObject type '{}' is not supported. If you are attempting to use a custom object, "
                                    "be sure to append the '__c' after the entity name.",
                                    query->object.text));
  }
  json records = json::array();
  for (const json& record : call.environment.host.access()->subscriptions().to_json()) {
    const Outcome<bool> wanted = query->where ? matches(*query->where, record) : Outcome<bool>(true);
    if (!wanted) return error_answer(wanted.error());
    if (*wanted && records.size() < query->limit.value_or(SIZE_MAX)) records.push_back(record);
  }
  const std::size_t size = records.size();
  return json_answer(200, {{"size", size},
                           {"totalSize", size},
                           {"done", true},
                           {"queryLocator", nullptr},
                           {"entityTypeName", kObject},
                           {"records", std::move(records)}});
}

}  // namespace orgsim
