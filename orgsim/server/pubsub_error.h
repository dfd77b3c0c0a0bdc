#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "orgsim/core/error.h"

namespace orgsim {

/// A Pub/Sub failure: the gRPC status and the trailer `error-code` that comes with it (spec §4.3).
struct PubSubError {
  grpc::StatusCode status = grpc::StatusCode::UNKNOWN;
  /// What follows "sfdc.platform.eventbus.grpc.".
  std::string code;
  std::string message;

  /// The full trailer value.
  std::string trailer() const { return "sfdc.platform.eventbus.grpc." + code; }
  /// The message names the call's rpc id, as the org's does.
  grpc::Status grpc_status(std::string_view rpc_id) const {
    return {status, message + " rpcId: " + std::string(rpc_id)};
  }
};

/// The failure for an error of the core's event calls.
PubSubError pubsub_error(const Error& error);

inline constexpr const char* kErrorCodeTrailer = "error-code";

}  // namespace orgsim
