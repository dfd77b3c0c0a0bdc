#include "orgsim/server/json_answer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace orgsim {
namespace {

using nlohmann::json;

void add_details(json& out, const Error& error) {
  if (error.details.empty()) return;
  out["duplicateResult"] = json::parse(error.details, nullptr, false);
}

json error_json(const Error& error) {
  json out = {{"message", error.message}, {"errorCode", error.code}, {"fields", error.fields}};
  add_details(out, error);
  return out;
}

/// Whether the body is deeper, or has more values, than any that the org takes: parsed it would be many times as large.
bool is_excessive(std::string_view body) {
  int depth = 0;
  std::size_t values = 1;
  bool in_text = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == ',') {
      if (++values > kJsonValuesMax) return true;
    } else if (c == '{' || c == '[') {
      if (++depth > kJsonDepthMax || ++values > kJsonValuesMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::string json_text(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

HttpResponse json_answer(int status, const json& body) { return text_answer(status, json_text(body)); }

HttpResponse text_answer(int status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

HttpResponse empty_answer(int status) {
  HttpResponse out;
  out.status = status;
  return out;
}

HttpResponse error_answer(int status, std::string_view code, std::string_view message) {
  return json_answer(status, json::array({{{"message", message}, {"errorCode", code}}}));
}

HttpResponse error_answer(const Error& error, bool with_fields) {
  if (!with_fields) return error_answer(http_status(error.code), error.code, error.message);
  return json_answer(http_status(error.code), json::array({error_json(error)}));
}

HttpResponse not_found() { return error_answer(404, codes::kNotFound, "The requested resource does not exist"); }

HttpResponse method_not_allowed(const HttpRequest& request, std::string_view allowed) {
  return error_answer(405, "METHOD_NOT_ALLOWED",
                      fmt::format("HTTP Method '{}' not allowed. Allowed are {}", request.method, allowed));
}

HttpResponse row_error_answer(const SaveResult& result) {
  json errors = json::array();
  for (const Error& error : result.errors) errors.push_back(error_json(error));
  return json_answer(result.errors.empty() ? 500 : http_status(result.errors.front().code), errors);
}

json save_result_json(const SaveResult& result, bool upsert) {
  json errors = json::array();
  for (const Error& error : result.errors) {
    errors.push_back({{"statusCode", error.code}, {"message", error.message}, {"fields", error.fields}});
    add_details(errors.back(), error);
  }
  json out = json::object();
  if (!result.id.empty()) out["id"] = result.id;
  out["success"] = result.success;
  out["errors"] = std::move(errors);
  if (upsert) out["created"] = result.created;
  return out;
}

Outcome<json> parse_json(std::string_view body) {
  if (is_excessive(body)) return fail(codes::kJsonParser, "The body is nested too deeply or has too many values");
  json value = json::parse(body, nullptr, false);
  if (value.is_discarded()) {
    return fail(codes::kJsonParser, "Unexpected character or end of input: the body is no JSON");
  }
  return value;
}

}  // namespace orgsim
