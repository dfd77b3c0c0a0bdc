#include "api/body.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace duet::api {

using Json = nlohmann::json;

Result<Body> Body::of(const Request& request) {
  if (request.body.empty()) return Body(Json::object());
  if (!request.content_type.starts_with("application/json"))
    return fail(ErrorKind::bad_data, "the body must be JSON", {}, "send the header: Content-Type: application/json");
  Json json = Json::parse(request.body, nullptr, false);
  if (!json.is_object()) return fail(ErrorKind::bad_data, "the body is no JSON object");
  return Body(std::move(json));
}

const Json* Body::find(const std::string& name) {
  known_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Body::wrong(const std::string& name, const char* type) {
  if (problem_.empty()) problem_ = fmt::format("{} must be {}", name, type);
}

std::string Body::text(const std::string& name) { return optional_text(name).value_or(std::string()); }

std::optional<std::string> Body::optional_text(const std::string& name) {
  const Json* found = find(name);
  if (!found) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  wrong(name, "a text");
  return std::nullopt;
}

std::optional<bool> Body::flag(const std::string& name) {
  const Json* found = find(name);
  if (!found) return std::nullopt;
  if (found->is_boolean()) return found->get<bool>();
  wrong(name, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Body::number(const std::string& name) {
  const Json* found = find(name);
  if (!found) return std::nullopt;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  wrong(name, "a whole number");
  return std::nullopt;
}

Json Body::object(const std::string& name) {
  const Json* found = find(name);
  if (found && !found->is_object()) wrong(name, "an object");
  return found && found->is_object() ? *found : Json::object();
}

Json Body::array(const std::string& name) {
  const Json* found = find(name);
  if (found && !found->is_array()) wrong(name, "an array");
  return found && found->is_array() ? *found : Json::array();
}

Result<void> Body::check() const {
  for (const auto& [name, value] : object_.items()) {
    if (!known_.contains(name)) {
      return fail(ErrorKind::bad_data, fmt::format("{} is not known here", name), {},
                  fmt::format("known: {}", fmt::join(known_, ", ")));
    }
  }
  if (!problem_.empty()) return fail(ErrorKind::bad_data, problem_);
  return {};
}

}  // namespace duet::api
