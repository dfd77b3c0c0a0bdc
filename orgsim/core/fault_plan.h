#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/random.h"

namespace orgsim {

enum class FaultAction : std::uint8_t {
  delay,             ///< wait delay_ms, then serve normally
  status,            ///< answer status and body without running the request
  drop_before,       ///< close the connection without running the request
  commit_then_drop,  ///< run the request, then close without an answer
  reset,             ///< reset the connection at once
};

/// What a request is matched by. Empty or unset members match everything.
struct FaultMatch {
  std::string method;
  std::string path_prefix;
  std::string path_regex;                ///< ECMAScript, searched in the path
  std::string object;                    ///< sObject name, any letter case
  std::optional<std::uint64_t> ordinal;  ///< only the n-th request (1-based) that matches the rest
  double probability = 1.0;
  std::optional<std::uint64_t> count;  ///< at most this many times
};

struct Fault {
  std::uint64_t id = 0;
  FaultMatch match;
  FaultAction action = FaultAction::status;
  std::int64_t delay_ms = 0;  ///< may accompany every action
  int status = 503;  ///< an HTTP status; the event stream reads it as a gRPC status           ///< of HTTP; 1 to 16 are
                     ///< gRPC codes, for method GRPC
  std::string content_type = "application/json;charset=UTF-8";
  std::string body;
  std::uint64_t seen = 0;  ///< requests that matched all but ordinal, probability and count
  std::uint64_t fired = 0;
};

struct FaultRequest {
  std::string_view method;
  std::string_view path;
  std::string_view object;  ///< empty when the request names none
};

/// The list of faults and the decision, deterministic under its seed. Pure data: the server carries the decision out.
class FaultPlan {
 public:
  explicit FaultPlan(std::uint64_t seed = 1);
  ~FaultPlan();
  FaultPlan(FaultPlan&&) noexcept;
  FaultPlan& operator=(FaultPlan&&) noexcept;

  /// Adds a fault from {"method","path_prefix","path_regex","object","ordinal","probability","count","action",
  /// "delay_ms","status","content_type","body"}; a body that is no string is sent as JSON text. Returns its id.
  Outcome<std::uint64_t> add(const nlohmann::json& definition);
  Outcome<std::uint64_t> add(Fault fault);
  void clear();
  /// False when there is no fault with this id.
  bool remove(std::uint64_t id);

  /// The first fault that fires for this request, or nothing. Counts the request for all that match.
  [[nodiscard]] std::optional<Fault> decide(const FaultRequest& request);

  [[nodiscard]] const std::vector<Fault>& faults() const { return faults_; }
  [[nodiscard]] nlohmann::json to_json() const;

 private:
  struct Patterns;
  std::vector<Fault> faults_;
  std::unique_ptr<Patterns> patterns_;
  Random random_;
  std::uint64_t next_id_ = 1;
};

}  // namespace orgsim
