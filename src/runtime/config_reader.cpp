#include "runtime/config_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest_name.h"

namespace duet::runtime {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

}  // namespace

void ConfigSource::problem(int line, const std::string& what) {
  problems.push_back(line > 0 ? fmt::format("{}:{}: {}", file, line, what) : fmt::format("{}: {}", file, what));
}

ConfigTable::ConfigTable(ConfigSource& source, const TomlNode* table, std::string name)
    : source_(source), name_(std::move(name)) {
  if (!table) return;
  line_ = table->line;
  table_ = std::get_if<TomlNode::Table>(&table->value);
  if (!table_) source_.problem(line_, fmt::format("{} must be a table, not {}", name_, type_name(*table)));
}

std::string ConfigTable::full_name(const std::string& key) const { return name_.empty() ? key : name_ + "." + key; }

const TomlNode* ConfigTable::node(const std::string& key) {
  asked_.insert(key);
  if (!table_) return nullptr;
  auto found = table_->find(key);
  return found == table_->end() ? nullptr : &found->second;
}

int ConfigTable::line_of(const std::string& key) {
  const TomlNode* found = node(key);
  return found ? found->line : line_;
}

std::optional<std::string> ConfigTable::resolve(const TomlNode& node, const std::string& key) {
  const auto* text = std::get_if<std::string>(&node.value);
  if (!text) {
    source_.problem(node.line, fmt::format("{} must be a text in quotes, not {}", full_name(key), type_name(node)));
    return std::nullopt;
  }
  if (!text->starts_with("${") || !text->ends_with("}")) return *text;
  const std::string name = text->substr(2, text->size() - 3);
  auto value = source_.environment(name);
  if (!value)
    source_.problem(node.line, fmt::format("{}: the environment variable {} is not set – set it before the start",
                                           full_name(key), name));
  return value;
}

void ConfigTable::text(const std::string& key, std::string& out) {
  const TomlNode* found = node(key);
  if (!found) return;
  if (auto value = resolve(*found, key)) out = *value;
}

void ConfigTable::secret(const std::string& key, std::string& out) {
  const TomlNode* value = node(key);
  const TomlNode* file = node(key + "_file");
  if (value && file)
    source_.problem(file->line, fmt::format("{0} and {0}_file are both given – keep one", full_name(key)));
  if (value) {
    text(key, out);
  } else if (file) {
    read_secret_file(*file, key + "_file", out);
  }
}

void ConfigTable::read_secret_file(const TomlNode& node, const std::string& key, std::string& out) {
  auto name = resolve(node, key);
  if (!name) return;
  const std::filesystem::path path = std::filesystem::path(source_.directory) / *name;
  std::ifstream stream(path, std::ios::binary);
  std::string content;
  if (stream) {
    content.resize(kMaxSecretBytes + 1);
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(stream.gcount()));
  }
  if (content.empty() || content.size() > kMaxSecretBytes) {
    source_.problem(node.line,
                    fmt::format("{}: {} {} – check the name and who may read it", full_name(key), path.string(),
                                content.empty() ? "cannot be read or is empty" : "is too large for a secret"));
    return;
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    source_.warnings.push_back(
        fmt::format("{} can be read by other users – run: chmod 600 {}", path.string(), path.string()));
  }
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  out = std::move(content);
}

std::optional<std::int64_t> ConfigTable::whole_number(const std::string& key, std::int64_t from, std::int64_t to) {
  const TomlNode* found = node(key);
  if (!found) return std::nullopt;
  const auto* value = std::get_if<std::int64_t>(&found->value);
  if (!value) {
    source_.problem(found->line, fmt::format("{} must be a whole number, not {}", full_name(key), type_name(*found)));
    return std::nullopt;
  }
  if (*value < from || *value > to) {
    source_.problem(found->line, fmt::format("{} is {} – use {} to {}", full_name(key), *value, from, to));
    return std::nullopt;
  }
  return *value;
}

void ConfigTable::flag(const std::string& key, bool& out) {
  const TomlNode* found = node(key);
  if (!found) return;
  if (const auto* value = std::get_if<bool>(&found->value)) {
    out = *value;
  } else {
    source_.problem(found->line, fmt::format("{} must be true or false, not {}", full_name(key), type_name(*found)));
  }
}

void ConfigTable::texts(const std::string& key, std::vector<std::string>& out) {
  const TomlNode* found = node(key);
  if (!found) return;
  const auto* items = std::get_if<TomlNode::Array>(&found->value);
  if (!items) {
    source_.problem(found->line,
                    fmt::format("{} must be an array of texts, not {}", full_name(key), type_name(*found)));
    return;
  }
  out.clear();
  for (const TomlNode& item : *items) {
    if (auto value = resolve(item, key)) out.push_back(*value);
  }
}

std::optional<std::size_t> ConfigTable::choice(const std::string& key, const std::vector<std::string>& names) {
  const TomlNode* found = node(key);
  if (!found) return std::nullopt;
  const auto value = resolve(*found, key);
  if (!value) return std::nullopt;
  const auto position = std::ranges::find(names, *value);
  if (position == names.end()) {
    source_.problem(found->line,
                    fmt::format("{} is \"{}\" – use one of: {}", full_name(key), *value, fmt::join(names, ", ")));
    return std::nullopt;
  }
  return static_cast<std::size_t>(position - names.begin());
}

ConfigTable ConfigTable::table(const std::string& key) { return {source_, node(key), full_name(key)}; }

void ConfigTable::finish() {
  if (!table_) return;
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& [key, child] : *table_) {
    if (asked_.contains(key)) continue;
    const std::string meant = suggestion(key, known);
    source_.problem(child.line,
                    fmt::format("{} is not a known key{}", full_name(key), meant.empty() ? " – remove it" : meant));
  }
}

}  // namespace duet::runtime
