#include "postgres/webhook_store.h"

#include <gtest/gtest.h>

#include "postgres/issue_store.h"
#include "postgres/store_fixture_test.h"

namespace duet::postgres {
namespace {

class WebhookStoreTest : public ::testing::Test {
 protected:
  WebhookStoreTest() { StoreDatabase::must(store_.set_webhooks({})); }

  void raise(const char* state) {
    PgStore store(database_.options());
    auto transaction = store.begin().value();
    Issue issue;
    issue.kind = "rejected";
    issue.state = state;
    issue.message = "no";
    StoreDatabase::must(transaction->raise_issue(&database_.mapping, issue));
    StoreDatabase::must(transaction->commit());
  }
  std::string events(const std::string& webhook) {
    std::string text;
    const auto deliveries = store_.pending(webhook, 100).value();
    for (const WebhookDelivery& delivery : deliveries) text += delivery.event + " ";
    return text;
  }

  StoreDatabase database_;
  WebhookStore store_{*database_.admin, database_.connection_id};
};

TEST_F(WebhookStoreTest, WhatHappensIsQueuedForWhoeverAskedForIt) {
  raise("open");
  StoreDatabase::must(store_.set_webhooks({{"all", {"issue", "journal"}}, {"done", {"issue.resolved"}}}));
  raise("decided");
  IssueStore issues(*database_.admin, database_.connection_id);
  const auto id = issues.list({.state = "decided"}).value().at(0).id;
  EXPECT_TRUE(issues.close(id, "decided", {"resolved", "ann", "", {}}).value());
  EXPECT_EQ(events("all"), "issue.decided issue.resolved ");
  EXPECT_EQ(events("done"), "issue.resolved ");
  EXPECT_EQ(store_.pending("all", 1).value().at(0).ref, id);
  StoreDatabase::must(store_.set_webhooks({{"all", {"journal"}}}));
  EXPECT_EQ(store_.list().value().size(), 1U);
  EXPECT_EQ(events("done"), "");
}

TEST_F(WebhookStoreTest, DeliveriesStayUntilTheyAreDelivered) {
  StoreDatabase::must(store_.set_webhooks({{"all", {"issue"}}}));
  raise("decided");
  const WebhookDelivery first = store_.pending("all", 10).value().at(0);
  StoreDatabase::must(store_.failed(first.id, "HTTP 500", 1'000));
  EXPECT_EQ(store_.pending("all", 10).value().at(0).tries, 1);
  const WebhookState state = store_.list().value().at(0);
  EXPECT_EQ(state.pending, 1);
  EXPECT_EQ(state.last_error, "HTTP 500");
  EXPECT_GT(state.next_try_at, first.created_at);
  EXPECT_EQ(state.last_delivered_at, 0);
  StoreDatabase::must(store_.delivered("all", first.id));
  EXPECT_EQ(events("all"), "");
  EXPECT_GT(store_.list().value().at(0).last_delivered_at, 0);
  raise("decided");
  EXPECT_EQ(store_.purge(1'000'000).value(), 0);
  EXPECT_EQ(store_.purge(-1'000).value(), 1);
}

}  // namespace
}  // namespace duet::postgres
