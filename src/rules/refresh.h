#pragma once

#include "model/change.h"
#include "rules/context.h"

namespace duet::rules {

enum class RefreshVerdict {
  fresh,  ///< the calculated fields are what the read said, or there is nothing to refresh
  later,  ///< the record cannot take the read now
};

/// The record was read because its calculated fields may have moved without it. The read speaks for those alone: it may
/// have the row's own stamp, and everything else is told by the stream or the poller. `later` for a record that is
/// locked, dirty, or newer than the read.
RefreshVerdict on_refresh(const Turn& turn, const RecordRead& read);

}  // namespace duet::rules
