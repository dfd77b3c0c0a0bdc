#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/sample_mapping.h"
#include "ports/store.h"

namespace duet::test {

/// A store with one mapping, and what a test needs to play the app and to look behind the port.
class StoreFixture {
 public:
  virtual ~StoreFixture() = default;

  /// A `loaded` mapping; sample_mapping() but for its id.
  virtual const Mapping& mapping() const = 0;
  virtual ports::Store& store() = 0;

  // The app, each call a transaction of its own. What is captured follows Heroku Connect's rules.
  virtual std::int64_t app_insert(const FieldValues& values) = 0;
  virtual void app_update(std::int64_t row_id, const FieldValues& values) = 0;
  virtual void app_remove(std::int64_t row_id) = 0;

  virtual std::optional<Row> row(std::int64_t row_id) = 0;
  virtual std::vector<Row> rows() = 0;
  /// State of a log row, and how many there are in NEW.
  virtual LogState log_state(std::int64_t log_id) = 0;
  virtual std::size_t fresh_log_rows() = 0;
  /// Fields of the journal in the order of writing, as `field lost`.
  virtual std::vector<std::string> journal() = 0;
  /// Kinds of issues, as `kind state`.
  virtual std::vector<std::string> issues() = 0;
};

using StoreFixtureFactory = std::function<std::unique_ptr<StoreFixture>()>;

/// What every ports::Store does. Include in one source of a test program and instantiate:
///   INSTANTIATE_TEST_SUITE_P(Fake, StoreContract, ::testing::Values(StoreFixtureFactory(make)));
class StoreContract : public ::testing::TestWithParam<StoreFixtureFactory> {
 protected:
  static constexpr const char* kSfid = "003000000000001AAA";
  static constexpr const char* kOtherSfid = "003000000000002AAA";

  using Edit = std::function<void(Record&, RecordChange&)>;

  Record read(const RecordRef& ref) {
    auto transaction = store().begin().value();
    return transaction->lock(mapping(), {&ref, 1}).value().front();
  }

  /// Locks, edits and writes one record, and commits.
  std::vector<ports::WriteFailure> change(const RecordRef& ref, const Edit& edit) {
    return change(std::vector<RecordRef>{ref}, {edit});
  }

  std::vector<ports::WriteFailure> change(const std::vector<RecordRef>& refs, const std::vector<Edit>& edits) {
    auto transaction = store().begin().value();
    std::vector<Record> records = transaction->lock(mapping(), refs).value();
    std::vector<RecordChange> changes(refs.size());
    std::vector<ports::RecordWrite> writes;
    for (std::size_t i = 0; i < refs.size(); ++i) {
      edits[i](records[i], changes[i]);
      writes.push_back({&records[i], &changes[i]});
    }
    auto failures = transaction->write(mapping(), writes);
    EXPECT_TRUE(failures) << (failures ? "" : describe(failures.error()));
    if (!failures) return {};
    auto committed = transaction->commit();
    EXPECT_TRUE(committed) << (committed ? "" : describe(committed.error()));
    return *failures;
  }

  /// A row as an event of the org inserts it.
  std::int64_t insert_remote(const std::string& sfid, const FieldValues& values) {
    change({std::nullopt, sfid, {}}, [&](Record&, RecordChange& change) {
      change.row_action = RowAction::insert;
      change.set = values;
      change.set_sfid = sfid;
    });
    return read({std::nullopt, sfid, {}}).row.value().id;
  }

  void store_lane(const RecordRef& ref, const std::function<void(Lane&)>& edit) {
    change(ref, [&](Record& record, RecordChange& change) {
      edit(record.lane);
      change.lane_changed = true;
    });
  }

  static Attempt attempt(AttemptState state, TimeMs decided_at = 0, bool passed = false) {
    Attempt attempt;
    attempt.token = "token";
    attempt.state = state;
    attempt.decided_at = decided_at;
    attempt.passed = passed;
    attempt.fields["Phone"] = {Value(std::string("1")), Null{}, {1, 2}};
    return attempt;
  }

  std::vector<std::int64_t> pending_rows(TimeMs now, std::size_t limit = 100) {
    std::vector<std::int64_t> ids;
    const std::vector<RecordRef> refs = store().find_pending(mapping(), now, limit).value();
    for (const RecordRef& ref : refs) ids.push_back(ref.row_id.value_or(0));
    return ids;
  }

  ports::Store& store() { return fixture_->store(); }
  const Mapping& mapping() { return fixture_->mapping(); }
  StoreFixture& app() { return *fixture_; }

 private:
  std::unique_ptr<StoreFixture> fixture_ = GetParam()();
};

inline Value text(const char* value) { return std::string(value); }

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
