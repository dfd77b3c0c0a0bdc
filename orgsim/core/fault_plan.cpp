#include "orgsim/core/fault_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

#include "orgsim/core/ascii.h"

namespace orgsim {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxFaults = 1000;
/// std::regex recurses per character: longer paths are matched by their beginning.
constexpr std::size_t kMaxMatchedPath = 2000;
constexpr std::size_t kMaxPattern = 500;

constexpr std::array<std::pair<std::string_view, FaultAction>, 5> kActions = {
    {{"delay", FaultAction::delay},
     {"status", FaultAction::status},
     {"drop_before", FaultAction::drop_before},
     {"commit_then_drop", FaultAction::commit_then_drop},
     {"reset", FaultAction::reset}}};

std::unexpected<Error> bad(std::string_view key, std::string_view wanted) {
  return fail(codes::kJsonParser, fmt::format("fault: '{}' must be {}", key, wanted));
}

Outcome<void> read_text(const std::string& key, const json& value, std::string& target) {
  if (!value.is_string()) return bad(key, "text");
  target = value.get<std::string>();
  return {};
}

Outcome<std::int64_t> read_integer(const std::string& key, const json& value, std::int64_t low, std::int64_t high) {
  if (!value.is_number_integer() || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
    return bad(key, fmt::format("a whole number from {} to {}", low, high));
  }
  return value.get<std::int64_t>();
}

Outcome<void> read_action(const json& value, Fault& fault) {
  for (const auto& [name, action] : kActions) {
    if (value != std::string(name)) continue;
    fault.action = action;
    return {};
  }
  return bad("action", "delay, status, drop_before, commit_then_drop or reset");
}

Outcome<void> read_member(const std::string& key, const json& value, Fault& fault) {
  constexpr std::int64_t kMany = 1'000'000'000;
  if (key == "action") return read_action(value, fault);
  if (key == "method") return read_text(key, value, fault.match.method);
  if (key == "path_prefix") return read_text(key, value, fault.match.path_prefix);
  if (key == "path_regex") return read_text(key, value, fault.match.path_regex);
  if (key == "object") return read_text(key, value, fault.match.object);
  if (key == "content_type") return read_text(key, value, fault.content_type);
  if (key == "body") {
    fault.body = value.is_string() ? value.get<std::string>() : value.dump();
    return {};
  }
  if (key == "probability") {
    if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1)
      return bad(key, "a number from 0 to 1");
    fault.match.probability = value.get<double>();
    return {};
  }
  // A status from 1 to 16 is a gRPC code: faults of method GRPC.
  const std::int64_t low = key == "delay_ms" ? 0 : 1;
  const std::int64_t high = key == "status" ? 599 : kMany;
  if (key != "ordinal" && key != "count" && key != "delay_ms" && key != "status") {
    return fail(codes::kJsonParser, fmt::format("fault: there is no '{}'", key));
  }
  const auto number = read_integer(key, value, low, high);
  if (!number) return std::unexpected(number.error());
  if (key == "ordinal") fault.match.ordinal = static_cast<std::uint64_t>(*number);
  if (key == "count") fault.match.count = static_cast<std::uint64_t>(*number);
  if (key == "delay_ms") fault.delay_ms = *number;
  if (key == "status") fault.status = static_cast<int>(*number);
  return {};
}

std::string_view action_name(FaultAction action) {
  const auto found = std::ranges::find(kActions, action, [](const auto& pair) { return pair.second; });
  return found->first;
}

}  // namespace

struct FaultPlan::Patterns {
  std::map<std::uint64_t, std::regex> by_fault;
};

FaultPlan::FaultPlan(std::uint64_t seed) : patterns_(std::make_unique<Patterns>()), random_(seed) {}
FaultPlan::~FaultPlan() = default;
FaultPlan::FaultPlan(FaultPlan&&) noexcept = default;
FaultPlan& FaultPlan::operator=(FaultPlan&&) noexcept = default;

Outcome<std::uint64_t> FaultPlan::add(const json& definition) {
  if (!definition.is_object()) return fail(codes::kJsonParser, "fault: expected a JSON object");
  Fault fault;
  for (const auto& [key, value] : definition.items()) {
    if (auto read = read_member(key, value, fault); !read) return std::unexpected(read.error());
  }
  return add(std::move(fault));
}

Outcome<std::uint64_t> FaultPlan::add(Fault fault) {
  if (faults_.size() >= kMaxFaults)
    return fail(codes::kJsonParser, fmt::format("fault: there are {} already", kMaxFaults));
  fault.id = next_id_;
  if (!fault.match.path_regex.empty()) {
    if (fault.match.path_regex.size() > kMaxPattern)
      return bad("path_regex", fmt::format("at most {} characters", kMaxPattern));
    try {
      patterns_->by_fault.emplace(fault.id, std::regex(fault.match.path_regex));
    } catch (const std::regex_error& error) {
      return bad("path_regex", fmt::format("an ECMAScript regular expression ({})", error.what()));
    }
  }
  ++next_id_;
  faults_.push_back(std::move(fault));
  return faults_.back().id;
}

void FaultPlan::clear() {
  faults_.clear();
  patterns_->by_fault.clear();
}

bool FaultPlan::remove(std::uint64_t id) {
  patterns_->by_fault.erase(id);
  return std::erase_if(faults_, [id](const Fault& fault) { return fault.id == id; }) > 0;
}

std::optional<Fault> FaultPlan::decide(const FaultRequest& request) {
  const std::string path(request.path.substr(0, kMaxMatchedPath));
  std::optional<Fault> chosen;
  for (Fault& fault : faults_) {
    const FaultMatch& match = fault.match;
    if (!match.method.empty() && !same_name(match.method, request.method)) continue;
    if (!request.path.starts_with(match.path_prefix)) continue;
    if (!match.object.empty() && !same_name(match.object, request.object)) continue;
    if (!match.path_regex.empty() && !std::regex_search(path, patterns_->by_fault.at(fault.id))) continue;
    ++fault.seen;
    // Every fault counts the request, but one fires.
    if (chosen || (match.ordinal && fault.seen != *match.ordinal) || (match.count && fault.fired >= *match.count))
      continue;
    if (match.probability < 1 && !random_.chance(match.probability)) continue;
    ++fault.fired;
    chosen = fault;
  }
  return chosen;
}

json FaultPlan::to_json() const {
  json out = json::array();
  for (const Fault& fault : faults_) {
    json item = {{"id", fault.id},
                 {"action", action_name(fault.action)},
                 {"method", fault.match.method},
                 {"path_prefix", fault.match.path_prefix},
                 {"path_regex", fault.match.path_regex},
                 {"object", fault.match.object},
                 {"probability", fault.match.probability},
                 {"delay_ms", fault.delay_ms},
                 {"status", fault.status},
                 {"seen", fault.seen},
                 {"fired", fault.fired}};
    if (fault.match.ordinal) item["ordinal"] = *fault.match.ordinal;
    if (fault.match.count) item["count"] = *fault.match.count;
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace orgsim
