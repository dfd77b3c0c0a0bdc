#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ports/org.h"

namespace duet::ports {

/// A batch that has been answered: one outcome per record, in order.
struct Sent {
  std::uint64_t ticket = 0;
  std::vector<SendOutcome> outcomes;
};

/// Sends several batches side by side, each as Org::send does. One thread at a time.
class Sender {
 public:
  virtual ~Sender() = default;

  /// How many batches may be under way.
  virtual std::size_t slots() const = 0;
  /// Returns at once. At most slots() may be under way; `mapping` outlives the answer.
  virtual void start(std::uint64_t ticket, const Mapping& mapping, SendBatch batch) = 0;
  /// What has been answered since the last call; waits up to `wait_ms` for a first one while some are under way.
  virtual std::vector<Sent> answered(TimeMs wait_ms) = 0;
};

/// Sends on the caller's thread, one batch after the other: for simulations and tests.
class InlineSender final : public Sender {
 public:
  explicit InlineSender(Org& org, std::size_t slots = 4) : org_(org), slots_(slots) {}

  std::size_t slots() const override { return slots_; }
  void start(std::uint64_t ticket, const Mapping& mapping, SendBatch batch) override {
    std::vector<SendOutcome> outcomes = org_.send(mapping, batch);
    answered_.push_back({ticket, std::move(outcomes)});
  }
  std::vector<Sent> answered(TimeMs) override { return std::exchange(answered_, {}); }

 private:
  Org& org_;
  std::size_t slots_;
  std::vector<Sent> answered_;
};

}  // namespace duet::ports
