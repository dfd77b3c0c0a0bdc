#include "api/parameters.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace duet::api {
namespace {

constexpr int kLargestPage = 500;
constexpr std::size_t kMaxParameterBytes = 256;

}  // namespace

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::string Parameters::text(const std::string& name) {
  known_.insert(name);
  auto found = request_.query.find(name);
  return found == request_.query.end() ? std::string() : found->second;
}

std::string Parameters::choice(const std::string& name, std::initializer_list<std::string_view> names) {
  std::string given = text(name);
  if (!given.empty() && std::ranges::find(names, given) == names.end())
    problem_ = fmt::format("{} is one of {}", name, fmt::join(names, ", "));
  return given;
}

std::optional<std::int64_t> Parameters::number(const std::string& name) {
  const std::string given = text(name);
  if (given.empty()) return std::nullopt;
  const auto number = to_number(given);
  if (!number || *number < 1) problem_ = fmt::format("{} must be a number from 1 on", name);
  return number;
}

std::optional<TimeMs> Parameters::time(const std::string& name) {
  const std::string given = text(name);
  if (given.empty()) return std::nullopt;
  const auto time = parse_timestamp(given);
  if (!time) {
    problem_ = fmt::format("{} must be a time such as 2026-01-31T10:00:00Z", name);
    return std::nullopt;
  }
  return *time;
}

bool Parameters::flag(const std::string& name) { return choice(name, {"true", "false"}) == "true"; }

Page Parameters::page() {
  Page page;
  if (const std::string limit = text("limit"); !limit.empty()) {
    const auto number = to_number(limit);
    if (!number || *number < 1 || *number > kLargestPage) {
      problem_ = fmt::format("limit must be 1 to {}", kLargestPage);
    } else {
      page.limit = static_cast<int>(*number);
    }
  }
  if (const std::string before = text("before"); !before.empty()) {
    const auto number = to_number(before);
    if (!number || *number < 1) problem_ = "before must be the id of an entry";
    page.before = number.value_or(0);
  }
  return page;
}

Result<void> Parameters::check() const {
  for (const auto& [name, value] : request_.query) {
    if (!known_.contains(name)) {
      return fail(ErrorKind::bad_data, fmt::format("{} is not a parameter of this call", name), {},
                  fmt::format("known: {}", fmt::join(known_, ", ")));
    }
    if (value.size() > kMaxParameterBytes) return fail(ErrorKind::bad_data, name + " is too long");
  }
  if (!problem_.empty()) return fail(ErrorKind::bad_data, problem_);
  return {};
}

}  // namespace duet::api
