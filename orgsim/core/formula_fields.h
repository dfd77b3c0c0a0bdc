#pragma once

#include <functional>

#include "orgsim/core/formula.h"
#include "orgsim/core/row_view.h"

namespace orgsim {

/// A stored field of the record that a formula is computed for; never asked for formula fields or compounds.
using StoredCell = std::function<CellView(const FieldDef& field, IdBuffer& id)>;

/// The value of a formula field, in the stored form of the field's type; null where Salesforce would show #Error!.
/// Parents are read from the snapshot. `field.expression` must be there.
[[nodiscard]] Value formula_value(const Snapshot& snapshot, const ObjectDef& object, const FieldDef& field,
                                  const StoredCell& cell);

/// Computes the formula fields among a record's values, which are by field index.
void fill_formulas(const Snapshot& snapshot, const ObjectDef& object, std::vector<Value>& values);

/// Checks one formula against the schema: its fields exist, its types fit and those of the field, it does not lead to
/// itself, and it is not too big with the formulas it refers to. FIELD_INTEGRITY_EXCEPTION, naming the field.
[[nodiscard]] Outcome<void> check_formula(const Schema& schema, const ObjectDef& object, const FieldDef& field);

}  // namespace orgsim
