#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/backend.h"
#include "api/request.h"
#include "base/result.h"
#include "base/time.h"

namespace duet::api {

/// A whole number, all of the text.
std::optional<std::int64_t> to_number(std::string_view text);

/// Query parameters, each of which must be known.
class Parameters {
 public:
  explicit Parameters(const Request& request) : request_(request) {}

  std::string text(const std::string& name);
  /// One of `names`, or empty.
  std::string choice(const std::string& name, std::initializer_list<std::string_view> names);
  /// At least 1.
  std::optional<std::int64_t> number(const std::string& name);
  /// RFC 3339.
  std::optional<TimeMs> time(const std::string& name);
  bool flag(const std::string& name);
  Page page();

  /// The first thing that is wrong with the parameters, once all known ones were asked for. `bad_data`.
  Result<void> check() const;

 private:
  const Request& request_;
  std::set<std::string> known_;
  std::string problem_;
};

}  // namespace duet::api
