#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/store.h"

namespace duet::engine {

/// Rows that the app inserted, that the org has not been asked for, and that are a record which the org's side made:
/// found by the mapping's match fields. Of a mapping without them nothing is asked.
class UnsentRows {
 public:
  explicit UnsentRows(const Mapping& mapping) : mapping_(mapping) {}

  void want(const std::string& sfid, const FieldValues& fields);
  Result<void> find(ports::StoreTransaction& transaction);
  /// The row that is this record; none when the table has the record already, or when several rows could be it.
  std::optional<std::int64_t> row_of(const std::string& sfid) const;

 private:
  const Mapping& mapping_;
  std::vector<ports::WantedMatch> wanted_;
  std::map<std::string, std::int64_t, std::less<>> rows_;
};

}  // namespace duet::engine
