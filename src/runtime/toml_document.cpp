#include "runtime/toml_document.h"

#include <array>

#include <toml++/toml.h>

#include <fmt/format.h>

namespace duet::runtime {
namespace {

constexpr int kMaxDepth = 16;

TomlNode convert(const toml::node& node, int depth) {
  TomlNode out;
  out.line = static_cast<int>(node.source().begin.line);
  if (depth > kMaxDepth) return out;
  if (const auto* table = node.as_table()) {
    TomlNode::Table children;
    for (const auto& [key, child] : *table) children.emplace(std::string(key.str()), convert(child, depth + 1));
    out.value = std::move(children);
  } else if (const auto* array = node.as_array()) {
    TomlNode::Array items;
    for (const toml::node& item : *array) items.push_back(convert(item, depth + 1));
    out.value = std::move(items);
  } else if (const auto* text = node.as_string()) {
    out.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.value = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    out.value = number->get();
  } else if (const auto* flag = node.as_boolean()) {
    out.value = flag->get();
  }
  return out;
}

}  // namespace

Result<TomlNode> parse_toml(std::string_view text, const std::string& file_name) {
  try {
    return convert(toml::parse(text, file_name), 0);
  } catch (const toml::parse_error& error) {
    return fail(ErrorKind::config, fmt::format("{}:{}: {}", file_name, error.source().begin.line, error.description()),
                {}, "correct the line; texts stand in double quotes");
  }
}

std::string_view type_name(const TomlNode& node) {
  static constexpr std::array<std::string_view, 7> kNames = {"a date or time", "a text",   "a whole number", "a number",
                                                             "true or false",  "an array", "a table"};
  return kNames.at(node.value.index());
}

}  // namespace duet::runtime
