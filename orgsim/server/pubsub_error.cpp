#include "orgsim/server/pubsub_error.h"

namespace orgsim {

PubSubError pubsub_error(const Error& error) {
  if (error.code == codes::kTopicNotFound) return {grpc::StatusCode::NOT_FOUND, error.code, error.message};
  return {grpc::StatusCode::INVALID_ARGUMENT, "subscription." + error.code, error.message};
}

}  // namespace orgsim
