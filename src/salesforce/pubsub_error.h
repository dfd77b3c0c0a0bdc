#pragma once

#include <string_view>

#include "base/error.h"

namespace duet::salesforce {

/// An error of a Pub/Sub call by its `error-code` trailer, else by the gRPC status (spec/salesforce-api.md §4.3).
/// A position that the server does not know any more is `bad_data` with code `replayid.corrupted`.
Error pubsub_error(int grpc_status, std::string_view error_code, std::string_view message);

}  // namespace duet::salesforce
