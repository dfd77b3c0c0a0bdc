#pragma once

#include "contract/store_fixture.h"

namespace duet::test {

// Records: how they are found, locked and written.

TEST_P(StoreContract, ARecordThatIsNowhereHasNothing) {
  const Record record = read({7, kSfid, "key"});
  EXPECT_FALSE(record.busy);
  EXPECT_FALSE(record.row);
  EXPECT_TRUE(record.lane.empty());
  EXPECT_TRUE(record.captured.empty());
  EXPECT_EQ(record.ref, (RecordRef{7, kSfid, "key"}));
}

TEST_P(StoreContract, RecordsComeInTheOrderOfTheirRefs) {
  const std::int64_t a = app().app_insert({{"LastName", text("a")}});
  const std::int64_t b = app().app_insert({{"LastName", text("b")}});
  const std::vector<RecordRef> refs{{b, {}, {}}, {99, {}, {}}, {a, {}, {}}};
  auto transaction = store().begin().value();
  const auto records = transaction->lock(mapping(), refs).value();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].row->id, b);
  EXPECT_FALSE(records[1].row);
  EXPECT_EQ(records[2].row->id, a);
}

TEST_P(StoreContract, AnInsertIsCaptured) {
  const std::int64_t id = app().app_insert({{"LastName", text("Bond")}, {"Amount__c", 1.5}});
  const Record record = read({id, {}, {}});
  ASSERT_TRUE(record.row);
  EXPECT_EQ(record.row->sfid, "");
  EXPECT_EQ(record.row->last_op, "PENDING");
  EXPECT_EQ(value_of(record.row->values, "LastName"), text("Bond"));
  EXPECT_EQ(value_of(record.row->values, "Amount__c"), Value(1.5));
  EXPECT_EQ(value_of(record.row->values, "Phone"), Value(Null{}));
  EXPECT_TRUE(is_absent(value_of(record.row->values, "Id")));
  ASSERT_EQ(record.captured.size(), 1U);
  EXPECT_EQ(record.captured[0].action, LogAction::insert);
  EXPECT_EQ(record.captured[0].row_id, id);
  EXPECT_TRUE(record.captured[0].old_values.empty());
}

TEST_P(StoreContract, AnUpdateIsCapturedWithItsFieldsAndTheRowBefore) {
  const std::int64_t id =
      insert_remote(kSfid, {{"LastName", text("Bond")}, {"Phone", text("1")}, {"Birthdate", Date{9'000}}});
  app().app_update(id, {{"Phone", Null{}}, {"LastName", text("Moneypenny")}});
  const Record record = read({std::nullopt, kSfid, {}});
  ASSERT_EQ(record.captured.size(), 1U);
  const CapturedChange& captured = record.captured[0];
  EXPECT_EQ(captured.action, LogAction::update);
  EXPECT_EQ(captured.sfid, kSfid);
  EXPECT_THAT(captured.changed, ::testing::UnorderedElementsAre("Phone", "LastName"));
  EXPECT_EQ(value_of(captured.old_values, "Phone"), text("1"));
  EXPECT_EQ(value_of(captured.old_values, "LastName"), text("Bond"));
  EXPECT_EQ(value_of(captured.old_values, "Birthdate"), Value(Date{9'000}));
  EXPECT_EQ(value_of(captured.old_values, "Email"), Value(Null{}));
}

TEST_P(StoreContract, ADeleteIsCapturedAndFoundByItsSfid) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  app().app_update(id, {{"Phone", text("2")}});
  app().app_remove(id);
  for (const RecordRef& ref : {RecordRef{id, {}, {}}, RecordRef{std::nullopt, kSfid, {}}}) {
    const Record record = read(ref);
    EXPECT_FALSE(record.row);
    ASSERT_FALSE(record.captured.empty());
    const CapturedChange& captured = record.captured.back();
    EXPECT_EQ(captured.action, LogAction::remove);
    EXPECT_EQ(captured.row_id, id);
    EXPECT_EQ(captured.sfid, kSfid);
    EXPECT_EQ(value_of(captured.old_values, "Phone"), text("2"));
  }
}

TEST_P(StoreContract, CapturedChangesComeOldestFirst) {
  const std::int64_t id = app().app_insert({{"LastName", text("a")}});
  app().app_update(id, {{"LastName", text("b")}});
  app().app_update(id, {{"Phone", text("c")}});
  const Record record = read({id, {}, {}});
  ASSERT_EQ(record.captured.size(), 3U);
  EXPECT_LT(record.captured[0].log_id, record.captured[1].log_id);
  EXPECT_LT(record.captured[1].log_id, record.captured[2].log_id);
  EXPECT_THAT(record.captured[2].changed, ::testing::ElementsAre("Phone"));
}

TEST_P(StoreContract, AKeyMatchesOnlyARowWithoutSfid) {
  const std::int64_t without = app().app_insert({{"Ext__c", text("free")}});
  insert_remote(kSfid, {{"Ext__c", text("taken")}});
  const Record found = read({std::nullopt, kOtherSfid, "free"});
  ASSERT_TRUE(found.row);
  EXPECT_EQ(found.row->id, without);
  EXPECT_FALSE(read({std::nullopt, kOtherSfid, "taken"}).row);
}

TEST_P(StoreContract, WritesOfTheEngineAreNotCaptured) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  change({id, {}, {}}, [](Record&, RecordChange& change) {
    change.row_action = RowAction::update;
    change.set = {{"Phone", text("007")}};
  });
  const Row row = app().row(id).value();
  EXPECT_EQ(value_of(row.values, "Phone"), text("007"));
  EXPECT_EQ(value_of(row.values, "LastName"), text("Bond"));
  EXPECT_EQ(row.last_op, "SYNCED");
  change({id, {}, {}}, [](Record&, RecordChange& change) { change.row_action = RowAction::remove; });
  EXPECT_FALSE(app().row(id));
  EXPECT_EQ(app().fresh_log_rows(), 0U);
}

TEST_P(StoreContract, EveryTypeOfValueRoundTrips) {
  const FieldValues values{{"LastName", text("Ü \"quoted\", {braces} \\ \n漢")},
                           {"Amount__c", 0.1},
                           {"Level__c", std::int64_t{-2'147'483'648}},
                           {"Active__c", true},
                           {"Birthdate", Date{-25'567}},
                           {"Seen__c", DateTime{1'769'853'600'123}},
                           {"At__c", TimeOfDay{36'000'001}},
                           {"Description", text("NULL")},
                           {"Email", Null{}}};
  const Record record = read({insert_remote(kSfid, values), {}, {}});
  for (const auto& [name, value] : values) EXPECT_EQ(value_of(record.row->values, name), value) << name;
  EXPECT_EQ(value_of(record.row->values, "Phone"), Value(Null{}));
}

TEST_P(StoreContract, AbsentFieldsAreNotWritten) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  change({id, {}, {}}, [](Record&, RecordChange& change) {
    change.row_action = RowAction::update;
    change.set = {{"LastName", Absent{}}, {"Phone", text("1")}};
  });
  EXPECT_EQ(value_of(app().row(id)->values, "LastName"), text("Bond"));
}

TEST_P(StoreContract, ARowKeepsItsStatusUnlessTheChangeNamesOne) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  app().app_update(id, {{"Phone", text("1")}});
  ASSERT_EQ(app().row(id)->last_op, "PENDING");
  auto set_email = [](Record&, RecordChange& change) {
    change.row_action = RowAction::update;
    change.set = {{"Email", text("b@mi6")}};
  };
  change({id, {}, {}}, set_email);
  EXPECT_EQ(app().row(id)->last_op, "PENDING");
  EXPECT_EQ(value_of(app().row(id)->values, "Email"), text("b@mi6"));
  for (const char* status : {"UPDATED", "FAILED", "FAILED", "PENDING", "INSERTED", "SYNCED"}) {
    change({id, {}, {}}, [&](Record&, RecordChange& change) {
      change.row_action = RowAction::update;
      change.last_op = status;
    });
    EXPECT_EQ(app().row(id)->last_op, status);
    change({id, {}, {}}, set_email);
    EXPECT_EQ(app().row(id)->last_op, status);
  }
  EXPECT_EQ(app().fresh_log_rows(), 1U);
}

TEST_P(StoreContract, AnSfidIsSetAndCleared) {
  const std::int64_t id = app().app_insert({{"LastName", text("Bond")}});
  change({id, {}, {}}, [&](Record&, RecordChange& change) {
    change.row_action = RowAction::update;
    change.set_sfid = kSfid;
  });
  EXPECT_EQ(read({std::nullopt, kSfid, {}}).row->id, id);
  change({id, {}, {}}, [&](Record&, RecordChange& change) {
    change.row_action = RowAction::update;
    change.set_sfid = "";
  });
  EXPECT_FALSE(read({std::nullopt, kSfid, {}}).row);
  EXPECT_EQ(app().row(id)->sfid, "");
}

TEST_P(StoreContract, ARowComesBackUnderItsOldId) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  change({id, {}, {}}, [](Record&, RecordChange& change) { change.row_action = RowAction::remove; });
  change({id, kSfid, {}}, [&](Record&, RecordChange& change) {
    change.row_action = RowAction::insert;
    change.insert_id = id;
    change.set_sfid = kSfid;
    change.set = {{"LastName", text("Bond")}};
  });
  EXPECT_EQ(read({std::nullopt, kSfid, {}}).row->id, id);
}

TEST_P(StoreContract, ALaneIsFoundByEveryNameAndGoesWhenItIsEmpty) {
  const std::int64_t id = app().app_insert({{"LastName", text("Bond")}, {"Ext__c", text("K")}});
  store_lane({id, {}, {}}, [&](Lane& lane) {
    lane.row_id = id;
    lane.sfid = kSfid;
    lane.external_id = "K";
    lane.pending["Phone"] = {text("0"), {1, 2}};
    lane.attempts.push_back(attempt(AttemptState::accepted, 5));
  });
  const Lane stored = read({id, {}, {}}).lane;
  EXPECT_EQ(stored.pending.at("Phone").base, text("0"));
  EXPECT_EQ(stored.attempts.size(), 1U);
  EXPECT_EQ(read({std::nullopt, kSfid, {}}).lane, stored);
  store_lane({std::nullopt, kSfid, {}}, [](Lane& lane) { lane = Lane{}; });
  EXPECT_TRUE(read({id, {}, {}}).lane.empty());
}

TEST_P(StoreContract, ALaneLeadsToItsRow) {
  const std::int64_t id = app().app_insert({{"LastName", text("Bond")}});
  store_lane({id, {}, {}}, [&](Lane& lane) {
    lane.row_id = id;
    lane.sfid = kSfid;
    lane.attempts.push_back(attempt(AttemptState::accepted));
  });
  const Record record = read({std::nullopt, kSfid, {}});
  ASSERT_TRUE(record.row);
  EXPECT_EQ(record.row->id, id);
  EXPECT_EQ(record.captured.size(), 1U);
}

TEST_P(StoreContract, ALaneOfARecordWithoutARowIsFoundByItsSfid) {
  store_lane({std::nullopt, kSfid, {}}, [](Lane& lane) {
    lane.sfid = kSfid;
    lane.dirty = Dirty{"gap", 5, 0};
  });
  const Record record = read({std::nullopt, kSfid, {}});
  EXPECT_FALSE(record.row);
  ASSERT_TRUE(record.lane.dirty);
  EXPECT_EQ(record.lane.dirty->reason, "gap");
}

TEST_P(StoreContract, TheLaneOfAnInsertedRowKnowsIt) {
  change({std::nullopt, kSfid, {}}, [](Record& record, RecordChange& change) {
    change.row_action = RowAction::insert;
    change.set = {{"LastName", text("Bond")}};
    change.set_sfid = kSfid;
    record.lane.sfid = kSfid;
    record.lane.dirty = Dirty{"again", 5, 1};
    change.lane_changed = true;
  });
  const Record record = read({std::nullopt, kSfid, {}});
  EXPECT_EQ(record.lane.row_id, record.row->id);
}

TEST_P(StoreContract, LogRowsLeaveNewAndStayAway) {
  const std::int64_t id = app().app_insert({{"LastName", text("Bond")}});
  const std::int64_t log = read({id, {}, {}}).captured.at(0).log_id;
  for (LogState state : {LogState::pending, LogState::success, LogState::merged, LogState::ignored, LogState::failed}) {
    change({id, {}, {}}, [&](Record&, RecordChange& change) { change.log.push_back({log, state, "why"}); });
    EXPECT_EQ(app().log_state(log), state);
    EXPECT_TRUE(read({id, {}, {}}).captured.empty());
  }
}

TEST_P(StoreContract, AForwardWriteIsCapturedWithTheBaseOfTheLane) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}, {"Phone", text("1")}});
  change({id, {}, {}}, [&](Record& record, RecordChange& change) {
    change.row_action = RowAction::update;
    change.set = {{"Phone", text("2")}};
    change.last_op = "PENDING";
    record.row->values["Phone"] = text("2");
    record.lane.row_id = id;
    record.lane.pending["Phone"] = {text("org's"), {5, 5}};
    change.lane_changed = true;
    change.forward.push_back({LogAction::update, {"Phone"}});
  });
  const Record record = read({id, {}, {}});
  EXPECT_EQ(value_of(record.row->values, "Phone"), text("2"));
  EXPECT_EQ(record.row->last_op, "PENDING");
  ASSERT_EQ(record.captured.size(), 1U);
  EXPECT_EQ(record.captured[0].action, LogAction::update);
  EXPECT_THAT(record.captured[0].changed, ::testing::ElementsAre("Phone"));
  EXPECT_EQ(value_of(record.captured[0].old_values, "Phone"), text("org's"));
  EXPECT_EQ(value_of(record.captured[0].old_values, "LastName"), text("Bond"));
}

TEST_P(StoreContract, JournalAndIssuesAreKept) {
  const std::int64_t id = insert_remote(kSfid, {{"LastName", text("Bond")}});
  change({id, {}, {}}, [](Record&, RecordChange& change) {
    JournalEntry entry;
    entry.field = "LastName";
    entry.lost = text("Moneypenny");
    entry.kept = text("Bond");
    entry.rule = "newest";
    change.journal.push_back(entry);
    Issue issue;
    issue.kind = "rejected";
    issue.state = "open";
    issue.message = "no";
    change.issues.push_back(issue);
  });
  EXPECT_THAT(app().journal(), ::testing::ElementsAre("LastName Moneypenny"));
  EXPECT_THAT(app().issues(), ::testing::ElementsAre("rejected open"));
}

TEST_P(StoreContract, ARefusedRecordLeavesTheOthersWritten) {
  std::vector<RecordRef> refs;
  std::vector<Edit> edits;
  for (int i = 0; i < 9; ++i) {
    const std::string key = "key " + std::to_string(i);
    refs.push_back({insert_remote("00300000000000" + std::to_string(i) + "BBB", {{"Ext__c", Value(key)}}), {}, {}});
    const bool refused = i == 3 || i == 7;
    edits.push_back([refused](Record& record, RecordChange& change) {
      change.row_action = RowAction::update;
      change.set = {{"Phone", text("new")}};
      if (refused) change.set["Ext__c"] = text("key 0");
      record.lane.dirty = Dirty{"x", 1, 0};
      change.lane_changed = true;
    });
  }
  const auto failures = change(refs, edits);
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].index, 3U);
  EXPECT_EQ(failures[1].index, 7U);
  EXPECT_EQ(failures[0].error.kind, ErrorKind::store_constraint);
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const bool refused = i == 3 || i == 7;
    const Record record = read(refs[i]);
    EXPECT_EQ(value_of(record.row->values, "Phone"), refused ? Value(Null{}) : text("new")) << i;
    EXPECT_EQ(record.lane.dirty.has_value(), !refused) << i;
  }
}

}  // namespace duet::test
