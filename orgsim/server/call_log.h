#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace orgsim {

/// The last calls that clients made, for people who watch. Paths and statuses, never headers or bodies. Safe from
/// several threads.
class CallLog {
 public:
  static constexpr std::size_t kCallsMax = 500;
  static constexpr std::size_t kPathMax = 500;

  /// `status` is of HTTP; 0 for a connection that a fault cut, and for gRPC.
  void add(std::string method, std::string path, int status, std::int64_t took_us, std::int64_t now_ms);
  /// {"calls":[…],"last":N} with those after this number, the oldest first.
  nlohmann::json after(std::uint64_t number);
  void clear();

 private:
  struct Call {
    std::uint64_t number = 0;
    std::int64_t ms = 0;
    std::string method;
    std::string path;
    int status = 0;
    std::int64_t took_us = 0;
  };
  std::mutex mutex_;
  std::deque<Call> calls_;
  std::uint64_t last_ = 0;
};

}  // namespace orgsim
