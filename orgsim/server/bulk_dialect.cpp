#include "orgsim/server/bulk_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {

using nlohmann::json;

namespace {

constexpr std::array<std::pair<std::string_view, char>, 6> kDelimiters = {
    {{"COMMA", ','}, {"BACKQUOTE", '`'}, {"CARET", '^'}, {"PIPE", '|'}, {"SEMICOLON", ';'}, {"TAB", '\t'}}};

}  // namespace

std::string_view state_name(BulkJobState state) {
  switch (state) {
    case BulkJobState::open:
      return "Open";
    case BulkJobState::upload_complete:
      return "UploadComplete";
    case BulkJobState::in_progress:
      return "InProgress";
    case BulkJobState::job_complete:
      return "JobComplete";
    case BulkJobState::aborted:
      return "Aborted";
    case BulkJobState::failed:
      return "Failed";
  }
  return "Failed";
}

bool is_over(BulkJobState state) {
  return state == BulkJobState::job_complete || state == BulkJobState::aborted || state == BulkJobState::failed;
}

Outcome<BulkDialect> read_bulk_dialect(const json& body) {
  BulkDialect dialect;
  dialect.delimiter_name = body.value("columnDelimiter", "COMMA");
  const auto* found = std::ranges::find(kDelimiters, std::string_view(dialect.delimiter_name),
                                        &std::pair<std::string_view, char>::first);
  if (found == kDelimiters.end()) return fail(kInvalidJob, "Unknown columnDelimiter: " + dialect.delimiter_name);
  dialect.delimiter = found->second;
  const std::string ending = body.value("lineEnding", "LF");
  if (ending != "LF" && ending != "CRLF") return fail(kInvalidJob, "Unknown lineEnding: " + ending);
  dialect.crlf = ending == "CRLF";
  if (body.value("contentType", "CSV") != "CSV") return fail(kInvalidJob, "Only the content type CSV is supported");
  return dialect;
}

Outcome<json> read_text_members(std::string_view text) {
  Outcome<json> body = parse_json(text);
  if (!body) return body;
  if (!body->is_object()) return fail(codes::kJsonParser, "The body must be an object");
  json texts = json::object();
  for (const auto& [name, value] : body->items()) {
    if (!value.is_string() && !value.is_null()) {
      return fail(codes::kJsonParser, fmt::format("\"{}\" must be a text", name));
    }
    if (value.is_string()) texts[name] = value;
  }
  return texts;
}

Outcome<std::string> read_wanted_state(std::string_view text) {
  const Outcome<json> body = parse_json(text);
  if (!body) return std::unexpected(body.error());
  if (!body->is_object() || !body->contains("state") || !(*body)["state"].is_string()) {
    return fail(kInvalidJobState, "The body must name the state that the job is to have");
  }
  return (*body)["state"].get<std::string>();
}

std::string job_datetime(std::int64_t ms) { return rest_datetime(ms - ms % 1000); }

double version_number(const std::string& version) { return std::strtod(version.c_str(), nullptr); }

}  // namespace orgsim
