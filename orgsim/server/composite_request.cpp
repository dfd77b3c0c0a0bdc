#include "orgsim/server/composite_request.h"

#include <fmt/format.h>

#include <charconv>

#include "orgsim/server/json_answer.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// "/services/data/v62.0/…" or "v62.0/…": the segments after the version, and the version.
struct SubrequestPath {
  std::string version;
  std::vector<std::string> segments;
};

std::optional<SubrequestPath> parse_path(std::string_view path) {
  std::vector<std::string> segments = split_path(path);
  if (segments.size() > 2 && equals_ignoring_case(segments[0], "services") &&
      equals_ignoring_case(segments[1], "data")) {
    segments.erase(segments.begin(), segments.begin() + 2);
  }
  if (segments.size() < 2) return std::nullopt;
  const std::string version = to_lower(segments.front());
  if (!version.starts_with('v') || !version.ends_with(".0")) return std::nullopt;
  segments.erase(segments.begin());
  return SubrequestPath{.version = version.substr(1), .segments = std::move(segments)};
}

bool may_stand_inside(const std::vector<std::string>& segments) {
  const std::string first = to_lower(segments.front());
  if (first == "composite") return segments.size() > 1 && equals_ignoring_case(segments[1], "sobjects");
  return first == "sobjects" || first == "query" || first == "queryall" || first == "limits" || first == "recent" ||
         first == "search" || first == "parameterizedsearch";
}

/// The member of an object in any letter case, as "id" names the "Id" of a record that was read.
const json* member_of(const json& value, std::string_view name) {
  if (!value.is_object()) return nullptr;
  if (const auto found = value.find(std::string(name)); found != value.end()) return &*found;
  for (const auto& [key, inner] : value.items()) {
    if (equals_ignoring_case(key, name)) return &inner;
  }
  return nullptr;
}

/// Goes one step: "records[0]" is a member and then elements.
const json* step(const json* value, std::string_view part) {
  const std::size_t bracket = part.find('[');
  if (const std::string_view name = part.substr(0, bracket); !name.empty()) value = member_of(*value, name);
  for (std::size_t at = bracket; value != nullptr && at != std::string_view::npos && at < part.size();) {
    std::size_t index = 0;
    const char* end = part.data() + part.size();
    const auto [stop, error] = std::from_chars(part.data() + at + 1, end, index);
    if (error != std::errc{} || stop == end || *stop != ']') return nullptr;
    value = value->is_array() && index < value->size() ? &(*value)[index] : nullptr;
    at = static_cast<std::size_t>(stop - part.data()) + 1;
  }
  return value;
}

}  // namespace

Outcome<std::string> References::value_of(std::string_view expression) const {
  const std::size_t end = std::min(expression.find_first_of(".["), expression.size());
  const std::string id(expression.substr(0, end));
  const auto missing = [&] {
    return fail("PROCESSING_HALTED",
                fmt::format("Invalid reference specified. No value for {} found in {}", expression, id));
  };
  const auto found = answers_.find(id);
  if (found == answers_.end()) return missing();
  const json* value = &*found;
  std::string_view rest = expression.substr(end);
  while (value != nullptr && !rest.empty()) {
    if (rest.starts_with('.')) rest.remove_prefix(1);
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    value = step(value, rest.substr(0, dot));
    rest = rest.substr(dot);
  }
  if (value == nullptr || value->is_null() || value->is_structured()) return missing();
  return value->is_string() ? value->get<std::string>() : value->dump();
}

Outcome<void> References::resolve(std::string& text) {
  std::string out;
  std::size_t taken = 0;
  for (std::size_t at = text.find("@{"); at != std::string::npos; at = text.find("@{", taken)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) break;
    const Outcome<std::string> value = value_of(std::string_view(text).substr(at + 2, end - at - 2));
    if (!value) return std::unexpected(value.error());
    if (value->size() > room_) {
      return fail(codes::kLimitExceeded,
                  fmt::format("The references of a request stand for more than {} characters", kReferencedMax));
    }
    room_ -= value->size();
    out.append(text, taken, at - taken).append(*value);
    taken = end + 1;
  }
  if (taken > 0) text = std::move(out.append(text, taken));
  return {};
}

Outcome<void> References::resolve(json& value) {
  if (value.is_string()) return resolve(value.get_ref<std::string&>());
  if (!value.is_structured()) return {};
  for (json& inner : value) {
    if (auto done = resolve(inner); !done) return done;
  }
  return {};
}

std::optional<HttpResponse> run_subrequest(const RestCall& call, const Subrequest& subrequest, Transaction* outer) {
  const std::size_t question = std::min(subrequest.url.find('?'), subrequest.url.size());
  const auto path = parse_path(std::string_view(subrequest.url).substr(0, question));
  if (!path || !may_stand_inside(path->segments)) return std::nullopt;
  HttpRequest request;
  request.method = subrequest.method;
  request.raw_path = subrequest.url.substr(0, question);
  request.query = parse_form(std::string_view(subrequest.url).substr(std::min(question + 1, subrequest.url.size())));
  if (subrequest.headers.is_object()) {
    for (const auto& [name, value] : subrequest.headers.items()) {
      if (value.is_string()) request.headers.emplace_back(to_lower(name), value.get<std::string>());
    }
  }
  if (!subrequest.body.is_null()) request.body = json_text(subrequest.body);
  request.arrived = call.request.arrived;
  request.scheme = call.request.scheme;
  request.host = call.request.host;
  Writer writer = call.writer;
  writer.transport = Transport::composite;
  writer.version = path->version;
  return call.environment.dispatch(RestCall{.request = request,
                                            .environment = call.environment,
                                            .version = path->version,
                                            .path = path->segments,
                                            .writer = std::move(writer),
                                            .outer = outer});
}

json answer_body(const HttpResponse& response) {
  if (response.body.empty()) return nullptr;
  json body = json::parse(response.body, nullptr, false);
  return body.is_discarded() ? json(response.body) : body;
}

}  // namespace orgsim
