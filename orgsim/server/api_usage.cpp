#include "orgsim/server/api_usage.h"

#include <iterator>
#include <nlohmann/json.hpp>

namespace orgsim {
namespace {

constexpr std::int64_t kMsPerHour = 3'600'000;

}  // namespace

void ApiUsage::count(std::string_view kind, std::int64_t now_ms) {
  count_free(kind);
  add(Meter::calls, 1, now_ms);
}

void ApiUsage::add(Meter meter, std::int64_t count, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  add(day(meter), count, now_ms);
}

bool ApiUsage::add_within(Meter meter, std::int64_t count, std::int64_t limit, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (limit > 0 && total(day(meter), now_ms) + count > limit) return false;
  add(day(meter), count, now_ms);
  return true;
}

ApiUsage::Running::Running(ApiUsage& usage) : usage_(usage) {
  const std::scoped_lock lock(usage_.mutex_);
  place_ = usage_.running_.insert(std::chrono::steady_clock::now());
}

ApiUsage::Running::~Running() {
  const std::scoped_lock lock(usage_.mutex_);
  usage_.running_.erase(place_);
}

std::int64_t ApiUsage::running_longer_than(std::chrono::milliseconds duration) {
  const std::scoped_lock lock(mutex_);
  return std::distance(running_.begin(), running_.upper_bound(std::chrono::steady_clock::now() - duration));
}

void ApiUsage::count_events(std::uint64_t events, std::int64_t now_ms) {
  events_delivered_ += events;
  add(Meter::events, static_cast<std::int64_t>(events), now_ms);
}

void ApiUsage::add(Day& day, std::int64_t count, std::int64_t now_ms) {
  const std::int64_t number = now_ms / kMsPerHour;
  Hour& hour = day[static_cast<std::size_t>(number) % kHours];
  if (hour.number != number) hour = {number, 0};
  hour.count += count;
}

std::int64_t ApiUsage::total(const Day& day, std::int64_t now_ms) {
  const std::int64_t now = now_ms / kMsPerHour;
  std::int64_t count = 0;
  for (const Hour& hour : day) {
    if (hour.number > now - static_cast<std::int64_t>(kHours) && hour.number <= now) count += hour.count;
  }
  return count;
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

std::int64_t ApiUsage::used_in_24_hours(Meter meter, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  return total(day(meter), now_ms);
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
  days_ = {};
  events_delivered_ = 0;
}

}  // namespace orgsim
