#pragma once

#include <vector>

#include "engine/connection.h"
#include "runtime/status.h"

namespace duet::runtime {

/// The engine's counters by name, in a fixed order.
std::vector<CounterValue> counter_values(const engine::Counters& counters);

/// Whether the stream is open and how far it was read, from what its worker says.
void fill_stream(ConnectionStatus& status, const engine::Connection& connection, const engine::StreamHorizon& horizon,
                 TimeMs now);

}  // namespace duet::runtime
