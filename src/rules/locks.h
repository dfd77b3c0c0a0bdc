#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/lane.h"
#include "model/mapping.h"

namespace duet::rules {

/// References of which the org has shown that it locks their target, by object and field, in lower case.
class LearntLocks {
 public:
  /// Takes what an UNABLE_TO_LOCK_ROW says ("… exclusive access to this record or 1 records: 0013…"): a reference of
  /// the record that leads to one of the named ids is one that locks. True when that was new.
  bool learn(const Mapping& mapping, const std::vector<std::pair<std::string, std::string>>& references,
             std::string_view message);
  bool knows(const Mapping& mapping, std::string_view field) const;

 private:
  std::set<std::pair<std::string, std::string>> fields_;
};

/// The records that a write refers to, as (field, Id): the row's references, and those that the attempt takes away.
std::vector<std::pair<std::string, std::string>> references_of(const Mapping& mapping, const Attempt& attempt,
                                                               const FieldValues& row);

/// Those of them that the org locks while it carries out the write (design §5 rule 14): masters always, parents of
/// which Salesforce documents it, custom lookups that the write sets, and what was learnt.
std::vector<std::string> locked_parents(const Mapping& mapping, const Attempt& attempt,
                                        const std::vector<std::pair<std::string, std::string>>& references,
                                        const LearntLocks& learnt);

}  // namespace duet::rules
