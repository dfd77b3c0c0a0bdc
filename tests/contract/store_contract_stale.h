#pragma once

#include "contract/store_fixture.h"

namespace duet::test {

// Marks of records whose calculated columns are to be read again.

class StaleContract : public StoreContract {
 protected:
  static constexpr const char* kThirdSfid = "003000000000003AAA";

  void mark(const std::vector<ports::StaleScope>& scopes, TimeMs due) {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->mark_stale(scopes, due));
    ASSERT_TRUE(transaction->commit());
  }
  ports::StaleScope records(std::vector<std::string> sfids) {
    return {{{&mapping(), ""}}, std::move(sfids), nullptr, 0};
  }
  /// Those that reach the records over `links` references.
  ports::StaleScope reports_to(std::vector<std::string> sfids, std::size_t links = 1) {
    return {std::vector<ports::StaleLink>(links, {&mapping(), "ReportsToId"}), std::move(sfids), nullptr, 0};
  }
  std::vector<ports::StaleMark> found(TimeMs now = 100, std::size_t limit = 10) {
    return store().find_stale(mapping(), now, limit).value();
  }
  std::vector<std::string> stale(TimeMs now = 100, std::size_t limit = 10) {
    std::vector<std::string> sfids;
    for (const ports::StaleMark& mark : found(now, limit)) sfids.push_back(mark.sfid);
    return sfids;
  }
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StaleContract, MarksAreFoundWhenTheyAreDue) {
  mark({records({kOtherSfid})}, 50);
  mark({records({kSfid, kThirdSfid})}, 60);
  EXPECT_THAT(stale(49), IsEmpty());
  EXPECT_THAT(stale(59), ElementsAre(kOtherSfid));
  EXPECT_THAT(stale(60), ElementsAre(kOtherSfid, kSfid, kThirdSfid));
  EXPECT_THAT(stale(60, 2), ElementsAre(kOtherSfid, kSfid));
}

TEST_P(StaleContract, WhatIsMarkedAgainKeepsTheEarlierTimeAndIsNotCleared) {
  mark({records({kSfid, kOtherSfid})}, 50);
  const auto before = found();
  mark({records({kOtherSfid}), records({kOtherSfid})}, 90);
  EXPECT_THAT(stale(50), ElementsAre(kSfid, kOtherSfid));
  auto transaction = store().begin().value();
  ASSERT_TRUE(transaction->put_off_stale(mapping(), before, 1'000));
  ASSERT_TRUE(transaction->clear_stale(mapping(), before));
  ASSERT_TRUE(transaction->commit());
  EXPECT_THAT(stale(50), ElementsAre(kOtherSfid)) << "nor put off";
}

TEST_P(StaleContract, WhatIsPutOffIsFoundLater) {
  mark({records({kSfid})}, 50);
  auto transaction = store().begin().value();
  ASSERT_TRUE(transaction->put_off_stale(mapping(), found(), 80));
  ASSERT_TRUE(transaction->commit());
  EXPECT_THAT(stale(79), IsEmpty());
  EXPECT_THAT(stale(80), ElementsAre(kSfid));
}

TEST_P(StaleContract, ChildrenAreFoundOverTheirReferences) {
  insert_remote(kSfid, {{"LastName", text("boss")}});
  insert_remote(kOtherSfid, {{"LastName", text("middle")}, {"ReportsToId", text(kSfid)}});
  insert_remote(kThirdSfid, {{"LastName", text("last")}, {"ReportsToId", text(kOtherSfid)}});
  mark({reports_to({kSfid})}, 1);
  EXPECT_THAT(stale(), ElementsAre(kOtherSfid));
  mark({reports_to({kSfid, kOtherSfid, "003000000000009AAA"}), reports_to({kSfid}, 2), records({kSfid})}, 2);
  EXPECT_THAT(stale(), ElementsAre(kOtherSfid, kSfid, kThirdSfid));
}

TEST_P(StaleContract, ChildrenOfParentsThatChangedSinceAreFound) {
  insert_remote(kSfid, {{"LastName", text("old")}, {"SystemModstamp", DateTime{1'769'853'600'000}}});
  insert_remote("003000000000004AAA", {{"LastName", text("new")}, {"SystemModstamp", DateTime{1'769'853'601'000}}});
  insert_remote(kOtherSfid, {{"ReportsToId", text(kSfid)}});
  insert_remote(kThirdSfid, {{"ReportsToId", text("003000000000004AAA")}});
  ports::StaleScope scope = reports_to({});
  scope.changed = &mapping();
  scope.since = 1'769'853'601'000;
  mark({scope}, 1);
  EXPECT_THAT(stale(), ElementsAre(kThirdSfid));
}

TEST_P(StaleContract, ARowThatTheOrgDoesNotHaveYetIsNotMarked) {
  app().app_insert({{"LastName", text("new")}, {"ReportsToId", text(kSfid)}});
  mark({reports_to({kSfid})}, 1);
  EXPECT_THAT(stale(), IsEmpty());
}

TEST_P(StaleContract, MarksWaitUntilTheMappingIsLoaded) {
  mark({records({kSfid})}, 1);
  auto set_state = [&](ports::MappingState state) {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->set_mapping_state(mapping(), state));
    ASSERT_TRUE(transaction->commit());
  };
  set_state(ports::MappingState::loading);
  EXPECT_THAT(stale(), IsEmpty());
  set_state(ports::MappingState::loaded);
  EXPECT_THAT(stale(), ElementsAre(kSfid));
}

}  // namespace duet::test
