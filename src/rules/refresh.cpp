#include "rules/refresh.h"

#include "rules/canonical.h"
#include "rules/merge.h"

namespace duet::rules {

RefreshVerdict on_refresh(const Turn& turn, const RecordRead& read) {
  if (turn.record.busy || turn.lane().dirty) return RefreshVerdict::later;
  if (read.deleted || !turn.record.row || turn.record.row->sfid != read.sfid) return RefreshVerdict::fresh;
  if (read.stamp < row_stamp(turn.record)) return RefreshVerdict::later;
  for (const auto& [name, value] : read.fields) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || !field->schema.calculated || is_absent(value)) continue;
    if (!equal(field->schema, value, row_value(turn, name))) set_row(turn, name, value);
  }
  return RefreshVerdict::fresh;
}

}  // namespace duet::rules
