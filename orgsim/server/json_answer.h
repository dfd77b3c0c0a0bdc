#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/transaction.h"
#include "orgsim/server/http_message.h"

namespace orgsim {

/// JSON text of any value; bytes that are no UTF-8 become replacement characters instead of an exception.
std::string json_text(const nlohmann::json& value);
std::string json_text(const nlohmann::ordered_json& value);
HttpResponse json_answer(int status, const nlohmann::json& body);
/// A body that is JSON text already.
HttpResponse text_answer(int status, std::string body);
HttpResponse empty_answer(int status);

/// A REST error as the org words it: an array of one {"message","errorCode"} (spec §2.0).
HttpResponse error_answer(int status, std::string_view code, std::string_view message);
/// The same from an Error of the core, with the status that belongs to its code and, when `with_fields`, "fields".
HttpResponse error_answer(const Error& error, bool with_fields = false);
HttpResponse not_found();
/// 405 that names what the resource takes, as "HEAD,GET,POST".
HttpResponse method_not_allowed(const HttpRequest& request, std::string_view allowed);

/// The errors of a failed single-row write, `fields` always present (spec §9).
HttpResponse row_error_answer(const SaveResult& result);
/// One element of a collection's answer; `upsert` adds "created" (spec §2.4).
nlohmann::json save_result_json(const SaveResult& result, bool upsert);

/// The body as JSON, or JSON_PARSER_ERROR: also for bodies nested deeper than kJsonDepthMax or
/// with more than kJsonValuesMax values.
Outcome<nlohmann::json> parse_json(std::string_view body);
inline constexpr int kJsonDepthMax = 64;
inline constexpr std::size_t kJsonValuesMax = 2'000'000;

}  // namespace orgsim
