#include "runtime/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace duet::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

AppStatus sample() {
  MappingStatus account;
  account.object = "Account";
  account.table = "account";
  account.access = "read_write";
  account.source = "events";
  account.state = "loaded";
  account.rows = 12;
  account.pending = 3;
  account.outbound_lag_ms = 1'500;
  account.open_issues = 1;

  WorkerStatus inbound;
  inbound.name = "inbound";
  inbound.state = WorkerState::backing_off;
  inbound.errors_in_a_row = 2;
  inbound.last_error = Error{ErrorKind::network, "", "the org cannot be reached", "", nullptr, std::nullopt};

  ConnectionStatus connection;
  connection.name = "ma\"in";
  connection.org_id = "00D000000000001EAA";
  connection.schema = "salesforce";
  connection.state = "running";
  connection.paused = Pause::outbound;
  connection.mappings = {account};
  connection.api_usage = ports::ApiUsage{10, 100};
  connection.limits = {{"DailyDeliveredPlatformEvents", 9'000, 10'000}};
  connection.budget = engine::GovernorReport{};
  connection.budget->budget.state = rules::BudgetReport::State::paced;
  connection.budget->circuit_open = true;
  connection.stream.used = true;
  connection.workers = {inbound};
  connection.counters = {{"events_received", 7}};
  return {"0.1.0", 1'000, {connection}};
}

TEST(Status, JsonHasStableKeys) {
  const auto json = nlohmann::ordered_json::parse(to_json(sample()));
  EXPECT_EQ(json["started_at"], "1970-01-01T00:00:01.000Z");
  const auto& connection = json["connections"][0];
  std::vector<std::string> keys;
  for (const auto& [key, value] : connection.items()) keys.push_back(key);
  EXPECT_THAT(keys, ::testing::ElementsAre("name", "org_id", "schema", "state", "paused", "last_error", "mappings",
                                           "api_usage", "limits", "budget", "stream", "workers", "counters"));
  EXPECT_EQ(connection["paused"], "outbound");
  EXPECT_EQ(connection["limits"]["DailyDeliveredPlatformEvents"]["used"], 9'000);
  EXPECT_TRUE(connection["last_error"].is_null());
  EXPECT_EQ(connection["mappings"][0]["lag_ms"]["outbound"], 1'500);
  EXPECT_TRUE(connection["mappings"][0]["lag_ms"]["inbound"].is_null());
  EXPECT_EQ(connection["workers"][0]["last_error"]["hint"], "check that the host can be reached");
  EXPECT_EQ(connection["counters"]["events_received"], 7);
  EXPECT_EQ(connection["api_usage"]["allowed"], 100);
  EXPECT_EQ(connection["budget"]["state"], "paced");
  EXPECT_EQ(connection["budget"]["circuit"]["open"], true);
  EXPECT_TRUE(connection["budget"]["exhausted_in_ms"].is_null());
}

TEST(Status, MappingsAlone) {
  const auto json = nlohmann::json::parse(mappings_to_json(sample().connections[0]));
  EXPECT_EQ(json["mappings"].size(), 1U);
  EXPECT_EQ(json["mappings"][0]["object"], "Account");
}

TEST(Metrics, ExposeWhatIsKnown) {
  const std::string text = to_metrics(sample());
  EXPECT_THAT(text, HasSubstr("duet_pending_rows{connection=\"ma\\\"in\",object=\"Account\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("duet_outbound_lag_seconds{connection=\"ma\\\"in\",object=\"Account\"} 1.5\n"));
  EXPECT_THAT(
      text,
      HasSubstr("# TYPE duet_events_received_total counter\nduet_events_received_total{connection=\"ma\\\"in\"} 7\n"));
  EXPECT_THAT(text,
              HasSubstr("duet_worker_state{connection=\"ma\\\"in\",worker=\"inbound\",state=\"backing_off\"} 1\n"));
  EXPECT_THAT(
      text, HasSubstr("duet_worker_errors_in_a_row{connection=\"ma\\\"in\",worker=\"inbound\",kind=\"network\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("duet_org_limit_used{connection=\"ma\\\"in\",limit=\"DailyDeliveredPlatformEvents\"} 9000\n"));
  EXPECT_THAT(text, Not(HasSubstr("duet_inbound_lag_seconds{")));
}

TEST(Pause, NamesGoThereAndBack) {
  for (Pause pause : {Pause::none, Pause::outbound, Pause::all}) EXPECT_EQ(pause_from_name(name_of(pause)), pause);
  EXPECT_EQ(pause_from_name("x"), Pause::none);
}

}  // namespace
}  // namespace duet::runtime
