#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/connection.h"
#include "model/record.h"
#include "ports/store.h"
#include "rules/context.h"

namespace duet::engine {

/// Records of one mapping that are locked, changed by the rules and written together in one transaction.
class RecordBatch {
 public:
  struct Entry {
    Record record;
    RecordChange change;
    Record before;  ///< as locked, for a record that the database refuses
  };

  explicit RecordBatch(const Mapping& mapping) : mapping_(mapping) {}

  const Mapping& mapping() const { return mapping_; }

  /// Asks for a record; the same sfid, or the same row, twice gives the same entry.
  std::size_t add(const RecordRef& ref);
  bool empty() const { return refs_.empty(); }
  std::vector<Entry>& entries() { return entries_; }

  Result<void> lock(ports::StoreTransaction& transaction);
  /// The entry that add() numbered; two refs that turned out to be one record share it.
  Entry& at(std::size_t index) { return entries_[entry_of_[index]]; }
  rules::Turn turn(std::size_t index, const rules::Context& context) {
    return {at(index).record, at(index).change, context};
  }

  /// What to do instead with a record that the database refused: change `entry.change` (which is empty again) and
  /// `entry.record.lane` only.
  using Fallback = std::function<void(Entry& entry, std::size_t entry_index, const Error& error)>;

  /// Writes what changed. A record that is refused is given to `fallback` and its lane is written instead.
  Result<void> write(ports::StoreTransaction& transaction, const Fallback& fallback);

  /// Which entry an index of add() stands for; for fallbacks that must find their events again.
  std::size_t entry_index(std::size_t index) const { return entry_of_[index]; }

 private:
  const Mapping& mapping_;
  std::vector<RecordRef> refs_;
  std::map<std::string, std::size_t> by_name_;
  std::vector<std::size_t> entry_of_;
  std::vector<Entry> entries_;
};

/// Adds what the rules decided to the counters.
void count(Counters& counters, const RecordChange& change);

}  // namespace duet::engine
