#pragma once

#include "contract/store_fixture.h"

namespace duet::test {

// Everything beside single records: what is found, positions, the spool, ranges, tombstones.

TEST_P(StoreContract, WhatIsNotCommittedHasNoEffect) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  {
    const RecordRef ref{id, {}, {}};
    auto transaction = store().begin().value();
    Record record = transaction->lock(mapping(), {&ref, 1}).value().front();
    RecordChange change;
    change.row_action = RowAction::remove;
    record.lane.tombstone = Tombstone{5};
    change.lane_changed = true;
    const ports::RecordWrite write{&record, &change};
    ASSERT_TRUE(transaction->write(mapping(), {&write, 1}));
    ASSERT_TRUE(transaction->set_position("events", "lost"));
  }
  EXPECT_TRUE(read({id, {}, {}}).row);
  EXPECT_TRUE(read({id, {}, {}}).lane.empty());
  EXPECT_EQ(store().position("events").value(), std::nullopt);
}

TEST_P(StoreContract, PositionsAreKeptBySourceAndMayBeAnyBytes) {
  const std::string bytes("\x00\xff'x", 4);
  for (const std::string& position : {std::string("first"), bytes}) {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->set_position("events", position));
    ASSERT_TRUE(transaction->set_position("poll:Contact", "p"));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(store().position("events").value(), bytes);
  EXPECT_EQ(store().position("poll:Contact").value(), "p");
  EXPECT_EQ(store().position("poll:Account").value(), std::nullopt);
}

TEST_P(StoreContract, ABulkJobIsKeptUntilItIsRemoved) {
  const BulkJob job{"duet-1u", "7500000000001", AttemptKind::update};
  {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->put_job(mapping(), job));
  }
  EXPECT_TRUE(store().jobs(mapping()).value().empty()) << "not committed";
  auto transaction = store().begin().value();
  ASSERT_TRUE(transaction->put_job(mapping(), job));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(store().jobs(mapping()).value(), std::vector<BulkJob>{job});
  transaction = store().begin().value();
  ASSERT_TRUE(transaction->remove_job(mapping(), "duet-2u"));
  ASSERT_TRUE(transaction->remove_job(mapping(), job.token));
  ASSERT_TRUE(transaction->commit());
  EXPECT_TRUE(store().jobs(mapping()).value().empty());
}

TEST_P(StoreContract, WhatIsCapturedIsCountedByItsKindUpToALimit) {
  const std::int64_t a = app().app_insert({{"LastName", text("a")}});
  app().app_insert({{"LastName", text("b")}});
  app().app_update(a, {{"LastName", text("c")}});
  const CapturedCounts all = store().count_captured(mapping(), 100).value();
  EXPECT_EQ(all.creates, 2);
  EXPECT_EQ(all.updates, 1);
  EXPECT_EQ(all.removes, 0);
  const CapturedCounts some = store().count_captured(mapping(), 2).value();
  EXPECT_EQ(some.creates + some.updates + some.removes, 2);
}

TEST_P(StoreContract, PendingRecordsComeOnceAndOldestFirst) {
  const std::int64_t a = app().app_insert({{"LastName", text("a")}});
  const std::int64_t b = app().app_insert({{"LastName", text("b")}});
  app().app_update(a, {{"LastName", text("c")}});
  EXPECT_THAT(pending_rows(0), ::testing::ElementsAre(a, b));
  EXPECT_THAT(pending_rows(0, 1), ::testing::ElementsAre(a));
}

TEST_P(StoreContract, ALaneIsPendingUnlessSomethingStandsAgainstIt) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  auto with = [&](const std::function<void(Lane&)>& edit) {
    store_lane({id, {}, {}}, [&](Lane& lane) {
      lane = Lane{};
      lane.row_id = id;
      lane.pending["Phone"] = {Null{}, {1, 2}};
      lane.not_before = 100;
      edit(lane);
    });
    return pending_rows(100);
  };
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  EXPECT_THAT(with([](Lane&) {}), ElementsAre(id));
  EXPECT_THAT(pending_rows(99), IsEmpty());
  EXPECT_THAT(with([](Lane& lane) { lane.attempts.push_back(attempt(AttemptState::accepted)); }), ElementsAre(id));
  EXPECT_THAT(with([](Lane& lane) { lane.attempts.push_back(attempt(AttemptState::sent)); }), IsEmpty());
  EXPECT_THAT(with([](Lane& lane) { lane.attempts.push_back(attempt(AttemptState::unknown)); }), IsEmpty());
  EXPECT_THAT(with([](Lane& lane) { lane.dirty = Dirty{"gap", 1, 0}; }), IsEmpty());
  EXPECT_THAT(with([](Lane& lane) { lane.parked = "rejected"; }), IsEmpty());
  EXPECT_THAT(with([](Lane& lane) {
                lane.pending.clear();
                lane.tombstone = Tombstone{5};
              }),
              IsEmpty());
  EXPECT_THAT(with([](Lane& lane) {
                lane.pending.clear();
                lane.pending_delete = PendingDelete{};
              }),
              ElementsAre(id));
}

TEST_P(StoreContract, UnsettledLanesAreFoundByWhatSettlesThem) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  const ports::UnsettledQuery query{1'000, 500, 100};
  auto found = [&](const std::function<void(Lane&)>& edit) {
    store_lane({id, {}, {}}, [&](Lane& lane) {
      lane = Lane{};
      lane.row_id = id;
      lane.tombstone = Tombstone{5};
      edit(lane);
    });
    return !store().find_unsettled(mapping(), query, 10).value().empty();
  };
  EXPECT_FALSE(found([](Lane&) {}));
  EXPECT_TRUE(found([](Lane& lane) { lane.dirty = Dirty{"gap", 999, 0}; }));
  EXPECT_FALSE(found([](Lane& lane) {
    lane.dirty = Dirty{"gap", 999, 0};
    lane.not_before = 1'001;
  }));
  EXPECT_FALSE(found([](Lane& lane) {
    lane.dirty = Dirty{"gap", 999, 0};
    lane.attempts.push_back(attempt(AttemptState::accepted, 600));
  }));
  EXPECT_TRUE(found([](Lane& lane) { lane.attempts.push_back(attempt(AttemptState::accepted, 499)); }));
  EXPECT_FALSE(found([](Lane& lane) { lane.attempts.push_back(attempt(AttemptState::accepted, 500)); }));
  EXPECT_TRUE(found([](Lane& lane) { lane.attempts.push_back(attempt(AttemptState::accepted, 900, true)); }));
  EXPECT_TRUE(found([](Lane& lane) { lane.attempts.push_back(attempt(AttemptState::unknown, 99)); }));
  EXPECT_FALSE(found([](Lane& lane) { lane.attempts.push_back(attempt(AttemptState::unknown, 100)); }));
  EXPECT_FALSE(found([](Lane& lane) {
    lane.attempts.push_back(attempt(AttemptState::accepted, 1));
    lane.attempts.push_back(attempt(AttemptState::sent));
  }));
}

TEST_P(StoreContract, LanesInFlightAreFound) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  EXPECT_TRUE(store().find_in_flight(mapping()).value().empty());
  store_lane({id, {}, {}},
             [](Lane& lane) { lane.attempts = {attempt(AttemptState::accepted), attempt(AttemptState::sent)}; });
  const auto refs = store().find_in_flight(mapping()).value();
  ASSERT_EQ(refs.size(), 1U);
  EXPECT_EQ(refs[0].row_id, id);
}

TEST_P(StoreContract, ParkedLanesAreFoundByTheirReason) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  store_lane({id, {}, {}}, [](Lane& lane) {
    lane.pending_delete = PendingDelete{1, {}, {1, 2}, true};
    lane.parked = "why";
  });
  EXPECT_TRUE(store().find_parked(mapping(), "why not", 10).value().empty());
  const auto refs = store().find_parked(mapping(), "why", 10).value();
  ASSERT_EQ(refs.size(), 1U);
  EXPECT_TRUE(read(refs[0]).lane.pending_delete->approved);
}

TEST_P(StoreContract, AChildIsReleasedWhenItsParentHasAnId) {
  // The mapping refers to itself: a contact that reports to another, named by its external id.
  MappedField field;
  field.schema.name = "ReportsTo.Ext__c";
  field.parent = ParentKey{"ReportsToId", "ReportsTo", "Contact", "Ext__c"};
  const std::int64_t child = app().app_insert({{"LastName", text("child")}});
  store_lane({child, {}, {}}, [](Lane& lane) {
    lane.pending_create = true;
    lane.parked = "PARENT_MISSING";
    lane.waits_for = WaitsFor{"ReportsTo.Ext__c", "Boss-1"};
    lane.not_before = 1'000;
  });
  auto released = [&](TimeMs now, const Mapping* parent) {
    return store().find_released(mapping(), field, parent, now, 10).value().size();
  };
  EXPECT_EQ(released(500, &mapping()), 0U);
  EXPECT_EQ(released(1'000, nullptr), 1U) << "it is asked again now and then";
  insert_remote(kSfid, {{"LastName", text("boss")}, {"Ext__c", text("Boss-1")}});
  EXPECT_EQ(released(500, &mapping()), 1U);
  EXPECT_EQ(released(500, nullptr), 0U);
}

TEST_P(StoreContract, ParkedLanesWithoutTheirRowsAreFound) {
  const std::int64_t id = app().app_insert({{"LastName", text("new")}});
  store_lane({id, {}, {}}, [](Lane& lane) {
    lane.pending_create = true;
    lane.parked = "PARENT_MISSING";
  });
  EXPECT_TRUE(store().find_abandoned(mapping(), 10).value().empty());
  app().app_remove(id);
  EXPECT_EQ(store().find_abandoned(mapping(), 10).value().size(), 1U);
}

TEST_P(StoreContract, TheBreakerIsKept) {
  EXPECT_EQ(store().breaker(mapping()).value(), Breaker{});
  const Breaker tripped{BreakerState::tripped, 5, 7};
  {
    auto transaction = store().begin().value();
    EXPECT_EQ(transaction->lock_breaker(mapping()).value(), Breaker{});
    ASSERT_TRUE(transaction->set_breaker(mapping(), tripped));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(store().breaker(mapping()).value(), tripped);
}

TEST_P(StoreContract, CapturedDeletesAreCountedUpToALimit) {
  const std::int64_t one = insert_remote(kSfid, {{"LastName", text("a")}});
  const std::int64_t other = insert_remote(kOtherSfid, {{"LastName", text("b")}});
  auto transaction = store().begin().value();
  EXPECT_EQ(transaction->count_captured_deletes(mapping(), 10).value(), 0);
  transaction.reset();
  app().app_update(one, {{"LastName", text("c")}});
  app().app_remove(one);
  app().app_remove(other);
  transaction = store().begin().value();
  EXPECT_EQ(transaction->count_captured_deletes(mapping(), 10).value(), 2);
  EXPECT_EQ(transaction->count_captured_deletes(mapping(), 1).value(), 1);
}

TEST_P(StoreContract, TombstonesAreForgottenWhenTheirTimeIsOver) {
  store_lane({std::nullopt, kSfid, {}}, [](Lane& lane) { lane.tombstone = Tombstone{100}; });
  store_lane({std::nullopt, kOtherSfid, {}}, [](Lane& lane) {
    lane.tombstone = Tombstone{100};
    lane.dirty = Dirty{"gap", 1, 0};
  });
  for (TimeMs now : {TimeMs{100}, TimeMs{101}}) {
    auto transaction = store().begin().value();
    EXPECT_EQ(transaction->purge_tombstones(mapping(), now).value(), now == 100 ? 0 : 2);
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_TRUE(read({std::nullopt, kSfid, {}}).lane.empty());
  const Lane kept = read({std::nullopt, kOtherSfid, {}}).lane;
  EXPECT_FALSE(kept.tombstone);
  EXPECT_TRUE(kept.dirty);
}

TEST_P(StoreContract, EventsAreSpooledUntilTheMappingIsLoaded) {
  auto set_state = [&](ports::MappingState state) {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->set_mapping_state(mapping(), state));
    ASSERT_TRUE(transaction->commit());
  };
  set_state(ports::MappingState::loading);
  EXPECT_EQ(store().load_progress(mapping()).value().state, ports::MappingState::loading);
  std::vector<ChangeEvent> events(3);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].object = "Contact";
    events[i].event_id = std::to_string(i);
    events[i].fields = {{"LastName", text("x")}};
  }
  {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->spool(mapping(), events));
    ASSERT_TRUE(transaction->commit());
  }
  const auto first = store().spooled(mapping(), 2).value();
  ASSERT_EQ(first.events.size(), 2U);
  EXPECT_EQ(first.events[1].event_id, "1");
  EXPECT_EQ(value_of(first.events[0].fields, "LastName"), text("x"));
  {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->unspool(mapping(), first.up_to));
    ASSERT_TRUE(transaction->commit());
  }
  const auto rest = store().spooled(mapping(), 10).value();
  ASSERT_EQ(rest.events.size(), 1U);
  EXPECT_EQ(rest.events[0].event_id, "2");
  set_state(ports::MappingState::loaded);
  auto transaction = store().begin().value();
  auto spooled = transaction->spool(mapping(), events);
  ASSERT_FALSE(spooled);
  EXPECT_EQ(spooled.error().code, "LOADED");
}

TEST_P(StoreContract, ARangeIsDirtySinceTheEarliestMark) {
  EXPECT_FALSE(store().range_dirty(mapping()).value());
  for (TimeMs since : {TimeMs{500}, TimeMs{300}, TimeMs{900}}) {
    auto transaction = store().begin().value();
    ASSERT_TRUE(transaction->mark_range_dirty(mapping(), since, "overflow"));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(store().range_dirty(mapping()).value()->since, 300);
  auto transaction = store().begin().value();
  ASSERT_TRUE(transaction->clear_range_dirty(mapping()));
  ASSERT_TRUE(transaction->commit());
  EXPECT_FALSE(store().range_dirty(mapping()).value());
}

TEST_P(StoreContract, SfidsAreListedInPages) {
  std::vector<std::string> expected;
  for (char c : {'b', 'A', 'a', 'B', '0'}) {
    expected.push_back(std::string("00300000000000") + c + "AAA");
    insert_remote(expected.back(), {});
  }
  app().app_insert({{"LastName", text("no sfid")}});
  std::vector<std::string> listed;
  while (true) {
    const auto page = store().list_sfids(mapping(), listed.empty() ? "" : listed.back(), 2).value();
    if (page.empty()) break;
    listed.insert(listed.end(), page.begin(), page.end());
  }
  std::ranges::sort(expected);
  EXPECT_EQ(listed, expected);
}

TEST_P(StoreContract, IssuesOfAMappingAreRaised) {
  auto transaction = store().begin().value();
  Issue issue;
  issue.kind = "schema";
  issue.state = "open";
  issue.message = "a field is gone";
  ASSERT_TRUE(transaction->raise_issue(&mapping(), issue));
  ASSERT_TRUE(transaction->commit());
  EXPECT_THAT(app().issues(), ::testing::ElementsAre("schema open"));
}

}  // namespace duet::test
