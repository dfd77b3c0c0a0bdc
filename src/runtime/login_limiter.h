#pragma once

#include <map>
#include <string>

#include "base/time.h"

namespace duet::runtime {

/// Slows down guessing: after some failures of one name or from one address, each further try must wait, twice as long
/// every time. Forgets with time. Not thread safe.
class LoginLimiter {
 public:
  /// How long this key must wait; 0 when it may try now.
  TimeMs wait(const std::string& key, TimeMs now) const;
  void failed(const std::string& key, TimeMs now);
  void succeeded(const std::string& key) { failures_.erase(key); }

 private:
  struct Failures {
    int count = 0;
    TimeMs last = 0;
  };
  static TimeMs pause(int count);

  std::map<std::string, Failures> failures_;
};

}  // namespace duet::runtime
