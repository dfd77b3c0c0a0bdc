#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace orgsim {

/// Counts API calls by kind and within the last 24 hours, and delivered events. Safe from several threads.
class ApiUsage {
 public:
  /// Counts one call against the daily limit.
  void count(std::string_view kind, std::int64_t now_ms);
  /// Counts something that the org does not bill: logins, gRPC calls.
  void count_free(std::string_view kind);
  /// Counts events handed to a subscriber.
  void count_events(std::uint64_t events, std::int64_t now_ms);

  std::int64_t used_in_24_hours(std::int64_t now_ms);
  std::int64_t events_in_24_hours(std::int64_t now_ms);
  std::uint64_t events_delivered() const { return events_delivered_; }
  nlohmann::json calls_by_kind();
  void clear();

 private:
  static constexpr std::size_t kHours = 24;
  struct Hour {
    std::int64_t number = -1;
    std::int64_t count = 0;
  };
  using Day = std::array<Hour, kHours>;

  static void add(Day& day, std::int64_t count, std::int64_t now_ms);
  static std::int64_t total(const Day& day, std::int64_t now_ms);

  std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> by_kind_;
  Day calls_{};
  Day events_{};
  std::atomic<std::uint64_t> events_delivered_ = 0;
};

}  // namespace orgsim
