#pragma once

#include <optional>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "api/request.h"
#include "base/result.h"

namespace duet::api {

/// The JSON object of a request, each of whose members must be known. A missing body is an empty object.
class Body {
 public:
  /// `bad_data` when the body is no JSON object, or not said to be JSON.
  static Result<Body> of(const Request& request);
  explicit Body(nlohmann::json object) : object_(std::move(object)) {}

  std::string text(const std::string& name);
  std::optional<std::string> optional_text(const std::string& name);
  std::optional<bool> flag(const std::string& name);
  std::optional<std::int64_t> number(const std::string& name);
  /// An object, or an empty one.
  nlohmann::json object(const std::string& name);
  nlohmann::json array(const std::string& name);

  /// The first thing that is wrong, once all known members were asked for. `bad_data`.
  Result<void> check() const;

 private:
  const nlohmann::json* find(const std::string& name);
  void wrong(const std::string& name, const char* type);

  nlohmann::json object_;
  std::set<std::string> known_;
  std::string problem_;
};

}  // namespace duet::api
