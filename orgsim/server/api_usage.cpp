#include "orgsim/server/api_usage.h"

#include <nlohmann/json.hpp>

namespace orgsim {
namespace {

constexpr std::int64_t kMsPerHour = 3'600'000;

}  // namespace

void ApiUsage::count(std::string_view kind, std::int64_t now_ms) {
  count_free(kind);
  const std::scoped_lock lock(mutex_);
  const std::int64_t number = now_ms / kMsPerHour;
  Hour& hour = hours_[static_cast<std::size_t>(number) % kHours];
  if (hour.number != number) hour = {number, 0};
  ++hour.calls;
}

void ApiUsage::count_free(std::string_view kind) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_kind_.find(kind);
  if (found != by_kind_.end()) {
    ++found->second;
  } else {
    by_kind_.emplace(kind, 1);
  }
}

std::int64_t ApiUsage::used_in_24_hours(std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const std::int64_t now = now_ms / kMsPerHour;
  std::int64_t calls = 0;
  for (const Hour& hour : hours_) {
    if (hour.number > now - static_cast<std::int64_t>(kHours) && hour.number <= now) calls += hour.calls;
  }
  return calls;
}

nlohmann::json ApiUsage::calls_by_kind() {
  const std::scoped_lock lock(mutex_);
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [kind, calls] : by_kind_) out[kind] = calls;
  return out;
}

void ApiUsage::clear() {
  const std::scoped_lock lock(mutex_);
  by_kind_.clear();
  hours_ = {};
  events_delivered_ = 0;
}

}  // namespace orgsim
