#include "cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace duet::cli {
namespace {

/// Characters, not bytes: continuation bytes of UTF-8 take no place.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

ExitCode exit_code_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::network:
    case ErrorKind::timeout:
    case ErrorKind::throttled:
    case ErrorKind::auth_expired:
    case ErrorKind::store_down:
      return kUnreachable;
    case ErrorKind::config:
    case ErrorKind::bad_data:
    case ErrorKind::forbidden:
    case ErrorKind::not_found:
      return kUsage;
    default:
      return kFound;
  }
}

ExitCode report(const Error& error, bool json) {
  const std::string hint = advice_of(error);
  if (json) {
    nlohmann::ordered_json out;
    out["error"] = {
        {"kind", name_of(error.kind)}, {"code", error.code}, {"message", error.message},
        {"detail", error.detail},      {"hint", hint},       {"cause", error.cause ? describe(*error.cause) : ""}};
    fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return exit_code_of(error);
  }
  const std::string code = error.code.empty() ? "" : fmt::format(" ({})", error.code);
  fmt::print(stderr, "duet: {}{}\n", error.message.empty() ? std::string(name_of(error.kind)) : error.message, code);
  if (error.cause) fmt::print(stderr, "      because {}\n", describe(*error.cause));
  if (!hint.empty()) fmt::print(stderr, "      {}\n", hint);
  return exit_code_of(error);
}

std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += printable(row[i]);
      line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string duration_text(long ms) {
  if (ms < 1'000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1'000);
  if (ms < 3'600'000) return fmt::format("{} min", ms / 60'000);
  if (ms < 48L * 3'600'000) return fmt::format("{} h", ms / 3'600'000);
  return fmt::format("{} days", ms / (24L * 3'600'000));
}

std::string number_text(long number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

bool is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

}  // namespace duet::cli
