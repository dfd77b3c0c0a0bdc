#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/record_batch.h"
#include "model/change.h"
#include "ports/store.h"
#include "rules/formula_graph.h"

namespace duet::engine {

/// How long a record stays marked before it is read, so that a burst becomes few calls.
inline constexpr TimeMs kStaleDelayMs = 700;

/// Collects in a transaction whose calculated columns its changes may have made stale, and marks them together at its
/// end, in one order. Costs nothing for objects on which no calculated field depends. One thread.
class StaleMarks {
 public:
  /// The graph outlives this.
  explicit StaleMarks(const rules::FormulaGraph& graph) : graph_(graph) {}

  /// An event was applied to the record, or made it dirty. After RecordBatch::write().
  void note_event(const Mapping& mapping, const ChangeEvent& event, const std::string& sfid,
                  const RecordBatch::Entry& entry);
  /// A poll or a read-back was applied. What it changed of calculated fields may be older than what a refresh brought
  /// meanwhile: such records are marked themselves.
  void note_read(const Mapping& mapping, const RecordBatch::Entry& entry);
  /// A page of a load was applied. Children of the records that it changed are marked, not the records.
  void note_page(const Mapping& mapping, const RecordBatch::Entry& entry);
  /// The calculated fields of a record were refreshed.
  void note_refresh(const Mapping& mapping, const RecordBatch::Entry& entry) { note_page(mapping, entry); }
  /// The mapping is loaded: parents that changed since the load began (org clock) did not find their children in the
  /// table.
  void note_loaded(const Mapping& mapping, const Connection& connection, TimeMs since);

  /// One statement, or none. Forgets what was noted.
  Result<void> write(ports::StoreTransaction& transaction, TimeMs now);
  void clear() {
    noted_.clear();
    since_.clear();
  }

 private:
  using Names = std::set<std::string, std::less<>>;
  using Path = std::vector<std::pair<const Mapping*, std::string>>;

  void note_dependents(const rules::FormulaEffects& effects, const Names* changed, const std::string& sfid);
  void note_roll_ups(const rules::FormulaEffects& effects, const RecordBatch::Entry& entry);
  void add(const Mapping& mapping, const std::string& sfid) { noted_[Path{{&mapping, {}}}].insert(sfid); }

  const rules::FormulaGraph& graph_;
  std::map<Path, std::set<std::string>> noted_;
  std::vector<ports::StaleScope> since_;
};

}  // namespace duet::engine
