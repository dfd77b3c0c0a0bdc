#pragma once

#include <string>
#include <vector>

#include "world.h"

namespace duet::simulation {

/// What a finished history did wrong, one sentence each; empty when every guarantee held. Apart from the workload: they
/// look only at what both sides committed and at the journal.
std::vector<std::string> check(World& world);

}  // namespace duet::simulation
