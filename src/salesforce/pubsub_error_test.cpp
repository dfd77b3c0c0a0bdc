#include "salesforce/pubsub_error.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

TEST(PubSubError, goes_by_the_trailer_first) {
  Error corrupted = pubsub_error(3, "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted",
                                 "The Replay ID validation failed");
  EXPECT_EQ(corrupted.kind, ErrorKind::bad_data);
  EXPECT_EQ(corrupted.code, "replayid.corrupted");
  EXPECT_EQ(pubsub_error(3, "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.validation.failed", "").code,
            "replayid.corrupted");
  EXPECT_EQ(pubsub_error(16, "sfdc.platform.eventbus.grpc.service.auth.error", "").kind, ErrorKind::auth_expired);
  EXPECT_EQ(pubsub_error(8, "sfdc.platform.eventbus.grpc.subscription.limit.exceeded", "").kind, ErrorKind::throttled);
  EXPECT_EQ(pubsub_error(5, "sfdc.platform.eventbus.grpc.topic.not.found", "").kind, ErrorKind::not_found);
  EXPECT_EQ(pubsub_error(7, "sfdc.platform.eventbus.grpc.topic.meta.permission", "").kind, ErrorKind::forbidden);
  EXPECT_EQ(pubsub_error(14, "sfdc.platform.eventbus.grpc.service.unavailable", "").kind, ErrorKind::network);
}

TEST(PubSubError, goes_by_the_status_without_one) {
  EXPECT_EQ(pubsub_error(0, "", "").kind, ErrorKind::network);
  EXPECT_EQ(pubsub_error(14, "", "RST_STREAM closed stream").kind, ErrorKind::network);
  EXPECT_EQ(pubsub_error(14, "", "").code, "UNAVAILABLE");
  EXPECT_EQ(pubsub_error(16, "", "").kind, ErrorKind::auth_expired);
  EXPECT_EQ(pubsub_error(5, "", "").kind, ErrorKind::not_found);
  EXPECT_EQ(pubsub_error(4, "", "").kind, ErrorKind::timeout);
  EXPECT_EQ(pubsub_error(99, "", "").kind, ErrorKind::network);
}

TEST(PubSubError, finds_the_code_in_the_message) {
  EXPECT_EQ(pubsub_error(3, "", "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted rpcId: 7").code,
            "replayid.corrupted");
}

}  // namespace
}  // namespace duet::salesforce
