#include "orgsim/server/call_log.h"

#include <nlohmann/json.hpp>

namespace orgsim {

void CallLog::add(std::string method, std::string path, int status, std::int64_t took_us, std::int64_t now_ms) {
  if (path.size() > kPathMax) path.resize(kPathMax);
  const std::scoped_lock lock(mutex_);
  if (calls_.size() == kCallsMax) calls_.pop_front();
  calls_.push_back({++last_, now_ms, std::move(method), std::move(path), status, took_us});
}

nlohmann::json CallLog::after(std::uint64_t number) {
  nlohmann::json calls = nlohmann::json::array();
  const std::scoped_lock lock(mutex_);
  for (const Call& call : calls_) {
    if (call.number <= number) continue;
    calls.push_back({{"number", call.number},
                     {"ms", call.ms},
                     {"method", call.method},
                     {"path", call.path},
                     {"status", call.status},
                     {"took_us", call.took_us}});
  }
  return {{"calls", std::move(calls)}, {"last", last_}};
}

void CallLog::clear() {
  const std::scoped_lock lock(mutex_);
  calls_.clear();
}

}  // namespace orgsim
