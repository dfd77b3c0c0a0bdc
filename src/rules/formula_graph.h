#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/mapping.h"

namespace duet::rules {

/// Which changes of a record move a calculated value.
struct FormulaTrigger {
  bool any = false;                           ///< something that is not mapped moves it as well: every change counts
  std::set<std::string, std::less<>> fields;  ///< in the spelling of the mapping

  bool fires(const std::set<std::string, std::less<>>& changed) const;
};

/// One link of the way from a record with a formula up to what the formula names.
struct FormulaLink {
  const Mapping* mapping = nullptr;
  std::string reference;  ///< `AccountId`

  bool operator==(const FormulaLink&) const = default;
};

/// Records whose formulas name a field of the changed record.
struct FormulaDependent {
  std::vector<FormulaLink>
      path;  ///< from the record with the formula; the last one's reference names the changed record
  FormulaTrigger trigger;
};

/// Parents with roll-up summaries over the changed record.
struct RollUp {
  const Mapping* parent = nullptr;
  std::string reference;  ///< of the changed record
};

/// What changes of one object's records make stale.
struct FormulaEffects {
  std::optional<FormulaTrigger> self;  ///< the mapping has calculated fields
  std::vector<FormulaDependent> dependents;
  std::vector<RollUp> roll_ups;
};

/// Why a calculated column may be older than what the org shows.
struct FormulaNote {
  std::string object;
  std::string field;
  std::string text;
};

/// What to do about a note.
inline constexpr const char* kFormulaAdvice =
    "map what the formula names, or read the field from Salesforce where it must be exact";

/// Who must be read again when a record changes: events tell nothing of calculated fields (spec/salesforce-api.md
/// §1.7). Keeps pointers to the mappings.
class FormulaGraph {
 public:
  explicit FormulaGraph(const std::vector<Mapping>& mappings);

  /// Null when no calculated field depends on the object's records.
  const FormulaEffects* effects_of(const Mapping& mapping) const;
  /// Mappings whose calculated fields are kept up to date.
  std::vector<const Mapping*> calculated() const;
  const std::vector<FormulaNote>& notes() const { return notes_; }

 private:
  void read_formula(const Mapping& mapping, const FieldSchema& field);
  void follow(const FieldSchema& formula, const std::vector<std::string>& path, std::size_t at,
              std::vector<FormulaLink> links, const Mapping& mapping);
  void find_children(const Mapping& mapping, const FieldSchema& field);
  FormulaTrigger& trigger_of(const std::vector<FormulaLink>& links, const Mapping& mapping);
  void note(const Mapping& mapping, const FieldSchema& field, std::string text);

  const std::vector<Mapping>& mappings_;
  std::map<const Mapping*, FormulaEffects> effects_;
  std::vector<FormulaNote> notes_;
};

}  // namespace duet::rules
