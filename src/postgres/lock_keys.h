#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace duet::postgres {

// Advisory locks of Duet use the two-integer form; the first integer says what for.
inline constexpr std::int32_t kDoorbellLockClass = 0x44750001;
inline constexpr std::int32_t kSetupLockClass = 0x44750002;   ///< object 0: one process at a time installs functions
inline constexpr std::int32_t kRecordLockClass = 0x44760000;  ///< plus the mapping id, 16 bits

/// FNV-1a: the same in every program and on every server.
constexpr std::uint32_t stable_hash(std::string_view text) {
  std::uint32_t hash = 2'166'136'261U;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return hash;
}

/// What the writers of a schema notify (spec/heroku-connect.md §1.2).
inline std::string doorbell_channel(std::string_view schema) { return std::string(schema) + ".hc_trigger_log"; }

inline std::int32_t doorbell_lock_object(std::string_view schema) {
  return static_cast<std::int32_t>(stable_hash(schema));
}

}  // namespace duet::postgres
