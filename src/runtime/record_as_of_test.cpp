#include "runtime/record_as_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duet::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

FieldValues phone(const char* value) { return {{"Phone", std::string(value)}}; }

TEST(RecordAsOf, BetweenTwoSnapshotsThatAgree) {
  const auto found =
      record_as_of({{10, true, true, phone("a")}, {20, false, true, phone("a")}, {20, true, true, phone("b")}}, 15);
  EXPECT_EQ(found.exists, true);
  EXPECT_EQ(value_of(found.values, "Phone"), Value(std::string("a")));
  EXPECT_EQ(found.known_from, 10);
  EXPECT_THAT(found.not_known, IsEmpty());
}

TEST(RecordAsOf, AtTheTimeOfAChangeItHasHappened) {
  const auto found = record_as_of({{10, false, true, phone("a")}, {10, true, true, phone("b")}}, 10);
  EXPECT_EQ(value_of(found.values, "Phone"), Value(std::string("b")));
}

TEST(RecordAsOf, WhatSalesforceChangedBetweenIsNamed) {
  const auto found = record_as_of({{10, true, true, phone("a")}, {20, false, true, phone("sf")}}, 15);
  EXPECT_THAT(found.not_known, ElementsAre(HasSubstr("Phone: Salesforce changed it")));
}

TEST(RecordAsOf, FromBeforeEverything) {
  const auto found = record_as_of({{20, false, true, phone("a")}}, 15);
  EXPECT_EQ(value_of(found.values, "Phone"), Value(std::string("a")));
  EXPECT_THAT(found.not_known, ElementsAre(HasSubstr("right before a change")));
  EXPECT_EQ(record_as_of({{20, false, false, {}}}, 15).exists, false);
}

TEST(RecordAsOf, KnowsThatItIsGone) {
  const std::vector<Snapshot> gone = {{10, true, false, {}}, {30, false, false, {}}};
  EXPECT_EQ(record_as_of(gone, 20).exists, false);
  const std::vector<Snapshot> came = {{10, true, false, {}}, {30, false, true, phone("a")}};
  EXPECT_FALSE(record_as_of(came, 20).exists);
  EXPECT_THAT(record_as_of(came, 20).not_known, ElementsAre(HasSubstr("came at an unknown time")));
}

TEST(RecordAsOf, SaysThatItKnowsNothing) {
  EXPECT_FALSE(record_as_of({}, 20).exists);
  EXPECT_FALSE(record_as_of({}, 20).not_known.empty());
}

}  // namespace
}  // namespace duet::runtime
