#pragma once

#include "base/time.h"

namespace duet::rules {

/// Stops calling an org that does not work: after several calls in a row that failed for its own reasons, only one call
/// at a time is let through, after a pause that doubles up to a limit; the first that is answered closes it again.
/// Times are of a clock that does not go back.
class Circuit {
 public:
  /// `pause_ms`: where the org asked for a rest (0 where not); doubled each time that it asks again.
  void failed(TimeMs now, TimeMs pause_ms = 0);
  void succeeded();
  /// How long the next call must wait; while it is open and a probe is under way, until that is answered.
  TimeMs wait(TimeMs now) const;
  /// A call goes out.
  void called(TimeMs now);
  bool open() const { return failures_ >= kOpensAfter || asked_; }
  int failures() const { return failures_; }

 private:
  static constexpr int kOpensAfter = 5;

  int failures_ = 0;
  bool asked_ = false;  ///< the org itself asked for a pause
  bool probing_ = false;
  TimeMs until_ = 0;
};

}  // namespace duet::rules
