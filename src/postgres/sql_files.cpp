#include "postgres/sql_files.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace duet::postgres {
namespace {

[[noreturn]] void abort_with(std::string_view what, std::string_view name) {
  std::fprintf(stderr, "bug: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(), static_cast<int>(name.size()),
               name.data());
  std::abort();
}

bool is_name_char(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Length of the placeholder's key at the start of `text`, which follows a colon; 0 when there is none.
std::size_t key_length(std::string_view text) {
  if (text.empty()) return 0;
  const char quote = text.front();
  const bool quoted = quote == '"' || quote == '\'';
  std::size_t end = quoted ? 1 : 0;
  while (end < text.size() && is_name_char(text[end])) ++end;
  if (!quoted) return end;
  return end > 1 && end < text.size() && text[end] == quote ? end + 1 : 0;
}

}  // namespace

std::string_view sql_file(std::string_view path) {
  const auto files = embedded_sql_files();
  auto found = std::ranges::find(files, path, &SqlFile::path);
  if (found == files.end()) abort_with("no embedded SQL file", path);
  return found->text;
}

std::string render_sql(std::string_view text, const std::map<std::string, std::string, std::less<>>& values) {
  std::string out;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    out += text.substr(0, colon);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon);
    if (text.starts_with("::") || text.starts_with(":=")) {
      out += text.substr(0, 2);
      text.remove_prefix(2);
      continue;
    }
    const std::size_t length = key_length(text.substr(1));
    if (length == 0) {
      out += ':';
      text.remove_prefix(1);
      continue;
    }
    const std::string_view key = text.substr(1, length);
    auto found = values.find(key);
    if (found == values.end()) abort_with("no text for the SQL placeholder", key);
    out += found->second;
    text.remove_prefix(1 + length);
  }
  return out;
}

}  // namespace duet::postgres
