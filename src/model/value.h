#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

#include "base/time.h"

namespace duet {

/// Not spoken of: an absent value is never written and never compared.
struct Absent {
  bool operator==(const Absent&) const = default;
};

/// Spoken of and empty. Salesforce's empty string is null.
struct Null {
  bool operator==(const Null&) const = default;
};

struct Date {
  std::int32_t days = 0;  ///< since 1970-01-01
  bool operator==(const Date&) const = default;
};

struct DateTime {
  TimeMs ms = 0;
  bool operator==(const DateTime&) const = default;
};

struct TimeOfDay {
  std::int64_t ms = 0;  ///< since midnight
  bool operator==(const TimeOfDay&) const = default;
};

/// A three-state field value: absent, null or typed (design §1). Text kinds (string, picklist, id, reference …) are
/// std::string.
using Value = std::variant<Absent, Null, bool, std::int64_t, double, std::string, Date, DateTime, TimeOfDay>;

inline bool is_absent(const Value& value) { return std::holds_alternative<Absent>(value); }
inline bool is_null(const Value& value) { return std::holds_alternative<Null>(value); }

/// Values by Salesforce field name, in the spelling of the schema. A field that is not in the map is absent.
using FieldValues = std::map<std::string, Value, std::less<>>;

/// The value of a field, or Absent.
inline const Value& value_of(const FieldValues& values, std::string_view field) {
  static const Value absent = Absent{};
  auto found = values.find(field);
  return found == values.end() ? absent : found->second;
}

}  // namespace duet
