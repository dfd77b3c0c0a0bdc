#pragma once

#include <string>
#include <string_view>

#include "orgsim/core/schema.h"
#include "orgsim/core/soql_ast.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// FORMAT(): the value as a page in en_US shows it, in UTC. `currency` is an amount's.
[[nodiscard]] std::string shown_text(const FieldDef& field, const CellView& cell, std::string_view currency);

/// The distance over the earth's surface, in the place's unit.
[[nodiscard]] double great_circle(double latitude, double longitude, const SoqlPlace& place);

}  // namespace orgsim
