#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace orgsim {

/// What is counted against a limit of 24 hours.
enum class Meter : std::uint8_t { calls, events, bulk_batches, bulk_query_jobs, streaming_events };

/// Counts API calls by kind, what the limits look at, and requests that run. Safe from several threads.
class ApiUsage {
 public:
  /// Counts one call against the daily limit.
  void count(std::string_view kind, std::int64_t now_ms);
  /// Counts something that the org does not bill: logins, gRPC calls.
  void count_free(std::string_view kind);
  /// Counts events handed to a subscriber.
  void count_events(std::uint64_t events, std::int64_t now_ms);
  void add(Meter meter, std::int64_t count, std::int64_t now_ms);
  /// Adds when the limit of 24 hours leaves room for it; false when it does not. 0 is no limit.
  bool add_within(Meter meter, std::int64_t count, std::int64_t limit, std::int64_t now_ms);

  std::int64_t used_in_24_hours(Meter meter, std::int64_t now_ms);
  std::int64_t used_in_24_hours(std::int64_t now_ms) { return used_in_24_hours(Meter::calls, now_ms); }
  std::int64_t events_in_24_hours(std::int64_t now_ms) { return used_in_24_hours(Meter::events, now_ms); }
  std::uint64_t events_delivered() const { return events_delivered_; }
  nlohmann::json calls_by_kind();
  void clear();

  /// A request from here to its answer.
  class Running {
   public:
    explicit Running(ApiUsage& usage);
    ~Running();
    Running(const Running&) = delete;

   private:
    ApiUsage& usage_;
    std::multiset<std::chrono::steady_clock::time_point>::iterator place_;
  };
  /// How many requests have been running for longer than this.
  std::int64_t running_longer_than(std::chrono::milliseconds duration);

 private:
  static constexpr std::size_t kMeters = 5;
  static constexpr std::size_t kHours = 24;
  struct Hour {
    std::int64_t number = -1;
    std::int64_t count = 0;
  };
  using Day = std::array<Hour, kHours>;

  static void add(Day& day, std::int64_t count, std::int64_t now_ms);
  static std::int64_t total(const Day& day, std::int64_t now_ms);
  Day& day(Meter meter) { return days_[static_cast<std::size_t>(meter)]; }

  std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> by_kind_;
  std::array<Day, kMeters> days_{};
  std::multiset<std::chrono::steady_clock::time_point> running_;
  std::atomic<std::uint64_t> events_delivered_ = 0;
};

}  // namespace orgsim
