#include "orgsim/core/text_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace orgsim {

namespace {

constexpr std::size_t kContext = 3;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after) {
  const std::vector<std::string_view> old_lines = lines_of(before);
  const std::vector<std::string_view> new_lines = lines_of(after);
  const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
  std::size_t same_front = 0;
  while (same_front < shorter && old_lines[same_front] == new_lines[same_front]) ++same_front;
  std::size_t same_back = 0;
  while (same_back < shorter - same_front &&
         old_lines[old_lines.size() - 1 - same_back] == new_lines[new_lines.size() - 1 - same_back]) {
    ++same_back;
  }
  const std::size_t first = same_front - std::min(same_front, kContext);
  const std::size_t behind = std::min(same_back, kContext);
  const std::size_t old_end = old_lines.size() - same_back;
  const std::size_t new_end = new_lines.size() - same_back;
  std::string out = fmt::format("--- \n+++ \n@@ -{},{} +{},{} @@", first + 1, old_end + behind - first, first + 1,
                                new_end + behind - first);
  const auto put = [&out](char mark, std::string_view line) {
    out += '\n';
    out += mark;
    out += line;
  };
  for (std::size_t i = first; i < same_front; ++i) put(' ', old_lines[i]);
  for (std::size_t i = same_front; i < old_end; ++i) put('-', old_lines[i]);
  for (std::size_t i = same_front; i < new_end; ++i) put('+', new_lines[i]);
  for (std::size_t i = old_end; i < old_end + behind; ++i) put(' ', old_lines[i]);
  return out;
}

}  // namespace orgsim
