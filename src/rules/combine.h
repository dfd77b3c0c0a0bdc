#pragma once

#include <optional>

#include "model/mapping.h"
#include "model/value.h"

namespace duet::rules {

/// One value that has what both sides did to `base` (design §5 rule 1): `max` and `min` the greater or smaller of both,
/// `add` base and both differences, `union` the base's items without what either side removed and with what either
/// added, `text` both sides' changed lines. Nothing where it cannot be told: a base that is not known (`add`, `text`),
/// a cleared number, lines that both changed, an overflow.
std::optional<Value> combine(ConflictPolicy policy, const FieldSchema& field, const Value& base, const Value& local,
                             const Value& remote);

}  // namespace duet::rules
