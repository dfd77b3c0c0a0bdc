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
  void count_events(std::uint64_t events) { events_delivered_ += events; }

  std::int64_t used_in_24_hours(std::int64_t now_ms);
  std::uint64_t events_delivered() const { return events_delivered_; }
  nlohmann::json calls_by_kind();
  void clear();

 private:
  static constexpr std::size_t kHours = 24;
  struct Hour {
    std::int64_t number = -1;
    std::int64_t calls = 0;
  };

  std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> by_kind_;
  std::array<Hour, kHours> hours_{};
  std::atomic<std::uint64_t> events_delivered_ = 0;
};

}  // namespace orgsim
