#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "orgsim/core/org.h"

namespace orgsim {

/// Milliseconds since the epoch on the machine's clock, which the org's clock follows.
std::int64_t wall_clock_ms();

/// The org for many threads: one mutex around the deterministic core, the machine's clock fed into it, and one
/// condition variable that tells of commits. Whoever holds an Access is alone with the org.
class OrgHost {
 public:
  explicit OrgHost(std::uint64_t seed);

  class Access {
   public:
    explicit Access(OrgHost& host);

    Org& operator*() const { return *org_; }
    Org* operator->() const { return org_.get(); }
    /// Keeps the org alive for a cursor that outlives a reset.
    const std::shared_ptr<Org>& share() const { return org_; }

    /// Lets others in for this long (less when the host stops), then takes the org again with its time set.
    void pause(std::chrono::milliseconds duration);
    /// Lets others in until something was announced, or until the deadline; false at the deadline.
    bool wait(std::chrono::steady_clock::time_point deadline);
    /// Lets others in until retake().
    void release() { lock_.unlock(); }
    void retake();
    /// Tells all waiting threads that something changed: a commit, a setting, a request on a stream.
    void announce() { host_->changed_.notify_all(); }
    bool stopping() const { return host_->stopping_; }
    /// True when a reset has replaced the org since this access was taken.
    bool replaced() const { return host_->org_ != org_; }
    /// Rises with every reset of the event stream: subscriptions from before are void (spec §4.2).
    std::uint64_t stream_epoch() const { return host_->stream_epoch_; }
    void reset_event_stream();

   private:
    OrgHost* host_;
    std::unique_lock<std::mutex> lock_;
    std::shared_ptr<Org> org_;
  };

  [[nodiscard]] Access access() { return Access(*this); }
  /// Calls `attach` with the org there is and with every one that a reset makes.
  void on_new_org(std::function<void(Org&)> attach);
  /// A new, empty org with the standard objects. Open transactions and cursors keep the old one.
  void reset();
  /// Ends all pauses and waits.
  void stop();
  /// When metadata last changed, for If-Modified-Since on describes; in ms of the machine's clock.
  std::int64_t schema_changed_ms(const Access&) const { return schema_changed_ms_; }
  void note_schema_change(const Access&) { schema_changed_ms_ = wall_clock_ms(); }

 private:
  std::shared_ptr<Org> make_org() const;

  const std::uint64_t seed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Org> org_;
  std::function<void(Org&)> attach_;
  std::int64_t schema_changed_ms_ = 0;
  std::uint64_t stream_epoch_ = 0;
  bool stopping_ = false;
};

}  // namespace orgsim
