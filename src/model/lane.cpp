#include "model/lane.h"

#include <utility>

namespace duet {

bool Lane::empty() const {
  return !pending_create && pending.empty() && log.empty() && !pending_delete && attempts.empty() && held.empty() &&
         !dirty && !tombstone && !read_version && frozen.empty() && !frozen_delete && parked.empty();
}

Attempt* Lane::in_flight() { return const_cast<Attempt*>(std::as_const(*this).in_flight()); }

const Attempt* Lane::in_flight() const {
  return !attempts.empty() && attempts.back().state == AttemptState::sent ? &attempts.back() : nullptr;
}

}  // namespace duet
