#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/request.h"
#include "base/result.h"

namespace duet::api {

/// Hands what happens to everybody who listens, as server-sent events. Looks only while somebody does. Thread safe.
class Feed {
 public:
  /// What happened since the last look, as whole events (`event: …\ndata: …\n\n`). Called by one thread.
  using Look = std::function<std::vector<std::string>()>;

  explicit Feed(Look look);
  ~Feed();

  /// A receiver gets `first` at once; one that does not keep up loses the stream. `store_down` when too many listen.
  Result<std::shared_ptr<TextSource>> listen(const std::vector<std::string>& first);

 private:
  class Listener;

  void run(const std::stop_token& stop);
  std::vector<std::shared_ptr<Listener>> listeners();

  Look look_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Listener>> listeners_;
  std::jthread thread_;  ///< last: it uses everything above
};

/// One event. `data` is one line.
std::string sse_event(const std::string& name, const std::string& data);

}  // namespace duet::api
