#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace duet::runtime {

/// A value of a TOML file with the line it stands in.
struct TomlNode {
  using Table = std::map<std::string, TomlNode>;
  using Array = std::vector<TomlNode>;

  int line = 0;
  /// Dates and times, which no key of duet.toml takes, are monostate.
  std::variant<std::monostate, std::string, std::int64_t, double, bool, Array, Table> value;
};

/// Parses TOML; `config` errors name the file and the line.
Result<TomlNode> parse_toml(std::string_view text, const std::string& file_name);

/// What a person calls the type of the node: "a text", "a number", …
std::string_view type_name(const TomlNode& node);

}  // namespace duet::runtime
