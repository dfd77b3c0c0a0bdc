// search (SOSL) and parameterizedSearch (spec §2.8). A search reads the records themselves: there is no search index
// that lags behind.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/sosl.h"

namespace orgsim {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kResultsMax = 2000;
constexpr std::size_t kTargetsMax = 20;
/// Rows looked at while the org is held.
constexpr std::size_t kRowsPerTurn = 500;

bool matches(const Record& record, const Search& search) {
  std::vector<std::string> texts;
  for (const FieldDef& field : record.object->fields) {
    if (!is_searched(field, search.scope)) continue;
    if (const auto* text = std::get_if<std::string>(&record.at(field))) texts.push_back(fold_case(*text));
  }
  return std::ranges::any_of(search.groups, [&](const std::vector<std::string>& terms) {
    return std::ranges::all_of(terms, [&](const std::string& term) {
      return std::ranges::any_of(texts, [&](const std::string& text) { return matches_term(text, term); });
    });
  });
}

/// Ids of the records that match, in the order that the target asks for.
Outcome<std::vector<std::string>> find_ids(const RestCall& call, OrgHost::Access& org, const Search& search,
                                           const SearchTarget& target, std::size_t max) {
  std::string soql = "SELECT Id FROM " + target.object;
  if (!target.condition.empty()) soql += " WHERE " + target.condition;
  if (!target.order.empty()) soql += " ORDER BY " + target.order;
  // Keeps the org of the cursor while others are let in.
  const std::shared_ptr<Org> own = org.share();
  Outcome<QueryCursor> cursor = own->query(soql, {.user_id = call.writer.user_id});
  if (!cursor) return std::unexpected(cursor.error());
  std::vector<std::string> out;
  for (std::size_t row = 1; out.size() < max && cursor->next(); ++row) {
    const std::string id(std::get<std::string_view>(cursor->cells().front()));
    if (const Outcome<Record> record = own->find(target.object, id, false, call.writer.user_id);
        record && matches(*record, search))
      out.push_back(id);
    if (row % kRowsPerTurn == 0) org.pause(std::chrono::milliseconds(0));
  }
  return out;
}

Outcome<void> append_results(const RestCall& call, OrgHost::Access& org, const Search& search,
                             const SearchTarget& target, std::size_t max, ordered_json& out) {
  const auto ids = find_ids(call, org, search, target, std::min(max, target.limit.value_or(max)));
  if (!ids) return std::unexpected(ids.error());
  std::string fields;
  for (const std::string& field : target.fields) fields += (fields.empty() ? "" : ", ") + field;
  for (const std::string& id : *ids) {
    Outcome<QueryCursor> cursor =
        org->query(fmt::format("SELECT {} FROM {} WHERE Id = '{}'", fields.empty() ? "Id" : fields, target.object, id),
                   {.user_id = call.writer.user_id});
    if (!cursor) return std::unexpected(cursor.error());
    if (cursor->next()) out.push_back(cursor->record_json(call.version));
  }
  return {};
}

HttpResponse run(const RestCall& call, Search search, std::optional<std::size_t> default_limit = std::nullopt) {
  OrgHost::Access org = call.environment.host.access();
  const auto schema = call.schema(org);
  if (search.targets.empty()) {
    for (const ObjectDef& object : schema->objects()) {
      if (object.searchable && !object.hidden)
        search.targets.push_back({.object = object.name, .fields = {}, .condition = {}, .order = {}, .limit = {}});
    }
  } else if (search.targets.size() > kTargetsMax) {
    return error_answer(400, "MALFORMED_SEARCH", "The search names too many objects");
  }
  const std::size_t max = std::min(search.limit.value_or(kResultsMax), kResultsMax);
  ordered_json records = ordered_json::array();
  for (SearchTarget& target : search.targets) {
    const ObjectDef* object = schema->object(target.object);
    if (object == nullptr || !object->searchable) {
      return error_answer(400, codes::kInvalidType,
                          fmt::format("sObject type '{}' is not supported in a search.", target.object));
    }
    target.object = object->name;
    if (!target.limit) target.limit = default_limit;
    const Outcome<void> done = append_results(call, org, search, target, max - records.size(), records);
    if (!done) return error_answer(done.error());
  }
  constexpr int kObjectSinceVersion = 37;
  if (std::atoi(call.version.c_str()) < kObjectSinceVersion) return text_answer(200, json_text(records));
  return text_answer(200, R"({"searchRecords":)" + json_text(records) + "}");
}

std::vector<std::string> split_fields(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string name(text.substr(0, comma));
    std::erase(name, ' ');
    if (!name.empty()) out.push_back(std::move(name));
    text = text.substr(std::min(comma + 1, text.size()));
  }
  return out;
}

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Names of fields are put into SOQL: nothing but a path may pass.
bool are_paths(const std::vector<std::string>& names) {
  return std::ranges::all_of(names, [](const std::string& name) {
    return std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
  });
}

HttpResponse parameterized_get(const RestCall& call) {
  const HttpRequest& request = call.request;
  const auto groups = parse_search_words(request.param("q").value_or(""));
  if (!groups) return error_answer(groups.error());
  Search search{.groups = *groups, .scope = SearchScope::all, .targets = {}, .limit = {}};
  if (const auto scope = request.param("in")) {
    const auto known = parse_search_scope(*scope);
    if (!known) return error_answer(400, "MALFORMED_SEARCH", "in must be ALL, NAME, EMAIL, PHONE or SIDEBAR");
    search.scope = *known;
  }
  const std::vector<std::string> fields = split_fields(request.param("fields").value_or(""));
  for (const auto& [name, object] : request.query) {
    if (name != "sobject") continue;
    SearchTarget target{.object = object, .fields = fields, .condition = {}, .order = {}, .limit = {}};
    if (const auto own = request.param(object + ".fields")) target.fields = split_fields(*own);
    if (const auto limit = request.param(object + ".limit")) target.limit = number_of(*limit);
    if (!are_paths(target.fields)) return error_answer(400, codes::kInvalidField, "The fields must be field names");
    search.targets.push_back(std::move(target));
  }
  search.limit = number_of(request.param("overallLimit").value_or(""));
  return run(call, std::move(search), number_of(request.param("defaultLimit").value_or("")));
}

std::vector<std::string> texts_of(const json& from, const char* name) {
  std::vector<std::string> out;
  const auto found = from.find(name);
  if (found == from.end() || !found->is_array()) return out;
  for (const json& text : *found) {
    if (text.is_string()) out.push_back(text.get<std::string>());
  }
  return out;
}

std::optional<std::size_t> number_in(const json& from, const char* name) {
  const auto found = from.find(name);
  if (found == from.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::size_t>();
}

std::string text_in(const json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

HttpResponse parameterized_post(const RestCall& call) {
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  if (!body->is_object()) return error_answer(400, codes::kJsonParser, "The body must be an object");
  const auto groups = parse_search_words(text_in(*body, "q"));
  if (!groups) return error_answer(groups.error());
  Search search{.groups = *groups, .scope = SearchScope::all, .targets = {}, .limit = number_in(*body, "overallLimit")};
  if (const std::string scope = text_in(*body, "in"); !scope.empty()) {
    const auto known = parse_search_scope(scope);
    if (!known) return error_answer(400, "MALFORMED_SEARCH", "in must be ALL, NAME, EMAIL, PHONE or SIDEBAR");
    search.scope = *known;
  }
  const std::vector<std::string> fields = texts_of(*body, "fields");
  const auto objects = body->find("sobjects");
  if (objects != body->end() && objects->is_array()) {
    for (const json& one : *objects) {
      if (!one.is_object()) return error_answer(400, codes::kJsonParser, "An element of sobjects must be an object");
      SearchTarget target{.object = text_in(one, "name"),
                          .fields = one.contains("fields") ? texts_of(one, "fields") : fields,
                          .condition = text_in(one, "where"),
                          .order = text_in(one, "orderBy"),
                          .limit = number_in(one, "limit")};
      if (!are_paths(target.fields)) return error_answer(400, codes::kInvalidField, "The fields must be field names");
      search.targets.push_back(std::move(target));
    }
  }
  return run(call, std::move(search), number_in(*body, "defaultLimit"));
}

}  // namespace

HttpResponse serve_search(const RestCall& call) {
  if (call.path.size() != 1) return not_found();
  if (!call.is_read()) return method_not_allowed(call.request, "HEAD,GET");
  const auto text = call.request.param("q");
  if (!text)
    return error_answer(400, "MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.");
  Outcome<Search> search = parse_sosl(*text);
  if (!search) return error_answer(search.error());
  return run(call, *std::move(search));
}

HttpResponse serve_parameterized_search(const RestCall& call) {
  if (call.path.size() != 1) return not_found();
  if (call.is_read()) return parameterized_get(call);
  return call.is("POST") ? parameterized_post(call) : method_not_allowed(call.request, "GET,HEAD,POST");
}

}  // namespace orgsim
