#pragma once

#include <algorithm>
#include <string>

#include "fake_store.h"
#include "rules/canonical.h"

namespace duet::simulation {

inline std::string key_of(const Mapping& mapping, const FieldValues& values) {
  return rules::key_text(value_of(values, mapping.upsert_field));
}

inline bool key_taken(const Database& db, const Mapping& mapping, const std::string& key, std::int64_t row_id) {
  if (key.empty()) return false;
  return std::ranges::any_of(
      db.rows, [&](const auto& entry) { return entry.first != row_id && key_of(mapping, entry.second.values) == key; });
}

}  // namespace duet::simulation
