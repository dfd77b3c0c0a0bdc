#include "model/lane.h"

#include <array>
#include <utility>

namespace duet {
namespace {

constexpr std::array<std::string_view, 3> kKinds{"create", "update", "remove"};
constexpr std::array<std::string_view, 3> kStates{"sent", "accepted", "unknown"};

template <class Enum>
std::optional<Enum> enum_from(const std::array<std::string_view, 3>& names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(AttemptKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view name_of(AttemptState state) { return kStates[static_cast<std::size_t>(state)]; }
std::optional<AttemptKind> attempt_kind_from_name(std::string_view name) {
  return enum_from<AttemptKind>(kKinds, name);
}
std::optional<AttemptState> attempt_state_from_name(std::string_view name) {
  return enum_from<AttemptState>(kStates, name);
}

bool Lane::empty() const {
  return !pending_create && pending.empty() && log.empty() && !pending_delete && attempts.empty() && held.empty() &&
         !dirty && !tombstone && !read_version && frozen.empty() && !frozen_delete && parked.empty();
}

Attempt* Lane::in_flight() { return const_cast<Attempt*>(std::as_const(*this).in_flight()); }

const Attempt* Lane::in_flight() const {
  return !attempts.empty() && attempts.back().state == AttemptState::sent ? &attempts.back() : nullptr;
}

}  // namespace duet
