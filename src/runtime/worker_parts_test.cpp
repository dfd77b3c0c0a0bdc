#include "runtime/worker_parts.h"

#include <gtest/gtest.h>

#include "runtime/composition.h"
#include "runtime/system_ports.h"

namespace duet::runtime {
namespace {

/// Nothing connects before the first step.
TEST(WorkerPartsTest, OnlyOutboundListensToTheDoorbell) {
  const ConnectionConfig config;
  const OrgAccess org = OrgAccess::make(config.salesforce, {}).value();
  const PauseSwitch pause;
  engine::Counters counters;
  engine::Governor governor;
  SystemClock clock;
  SystemRandom random;
  const ConnectionContext context{config, org, pause, counters, governor, clock, random};
  const PreparedConnection prepared;
  const engine::StreamHorizon horizon;
  engine::BulkDesk desk;
  EXPECT_NE(make_outbound(prepared, context, desk).value().bell, nullptr);
  EXPECT_EQ(make_settle(prepared, context, horizon).value().bell, nullptr);
}

}  // namespace
}  // namespace duet::runtime
