#pragma once

#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config.h"
#include "runtime/toml_document.h"

namespace duet::runtime {

/// What all tables of one file share: where problems go and where secrets come from.
struct ConfigSource {
  std::string file;
  std::string directory;
  const Environment& environment;
  std::vector<std::string> problems;  ///< `duet.toml:3: …`
  std::vector<std::string> warnings;

  void problem(int line, const std::string& what);
};

/// Reads the keys of one table, remembers which were asked for, and names the others.
class ConfigTable {
 public:
  /// `table` may be null: a table that is not there. `name` stands before its keys in messages.
  ConfigTable(ConfigSource& source, const TomlNode* table, std::string name);

  /// Leaves `out` as it is when the key is not there. A text that is wholly `${NAME}` comes from the environment.
  void text(const std::string& key, std::string& out);
  /// KEY, KEY_file (without its last line end) or `${NAME}`.
  void secret(const std::string& key, std::string& out);
  template <class T>
  void number(const std::string& key, T& out, std::int64_t from, std::int64_t to) {
    if (const auto value = whole_number(key, from, to)) out = static_cast<T>(*value);
  }
  void flag(const std::string& key, bool& out);
  void texts(const std::string& key, std::vector<std::string>& out);
  /// A text that must be one of `names`; the index of it.
  std::optional<std::size_t> choice(const std::string& key, const std::vector<std::string>& names);

  ConfigTable table(const std::string& key);
  const TomlNode* node(const std::string& key);
  int line() const { return line_; }
  int line_of(const std::string& key);

  /// Names every key that was never asked for.
  void finish();

 private:
  std::optional<std::int64_t> whole_number(const std::string& key, std::int64_t from, std::int64_t to);
  std::string full_name(const std::string& key) const;
  std::optional<std::string> resolve(const TomlNode& node, const std::string& key);
  void read_secret_file(const TomlNode& node, const std::string& key, std::string& out);

  ConfigSource& source_;
  const TomlNode::Table* table_ = nullptr;
  std::string name_;
  int line_ = 0;
  std::set<std::string> asked_;
};

}  // namespace duet::runtime
