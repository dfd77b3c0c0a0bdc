#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/change.h"

namespace duet::ports {

struct StreamBatch {
  std::vector<ChangeEvent> events;  ///< in commit order
  /// Newest replay id that the server named; also of empty (keep-alive) responses. Empty when nothing came.
  std::string latest_position;
  bool keep_alive = false;
  /// When a keep-alive arrived, local clock; 0 when that is not known. What was committed well before it has been
  /// delivered.
  TimeMs received_at = 0;
};

/// One subscription to a channel of all objects of a connection. One thread at a time.
class EventStream {
 public:
  virtual ~EventStream() = default;

  /// Starts after `position`, or at the newest event when it is empty. Closes an open subscription first.
  /// `bad_data` with code `replayid.corrupted`: the position is unknown to the server or out of retention.
  virtual Result<void> open(const std::string& position) = 0;

  /// Waits up to `wait_ms` for events or a keep-alive; an empty batch without keep_alive says that nothing came.
  /// After an error the stream is closed and must be opened again.
  virtual Result<StreamBatch> next(long wait_ms) = 0;

  virtual void close() = 0;
};

}  // namespace duet::ports
