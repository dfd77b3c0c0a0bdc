// What only PostgreSQL can do to a store: triggers, constraints, lost connections, keys as the org compares them, COPY.

#include "postgres/pg_store.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/csv_to_copy.h"
#include "postgres/store_fixture_test.h"

namespace duet::postgres {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSfid = "003000000000001AAA";
constexpr const char* kOtherSfid = "003000000000002AAA";

class PgStoreTest : public ::testing::Test {
 protected:
  explicit PgStoreTest(Mapping mapping = test::sample_mapping()) : database_(std::move(mapping)) {}

  Record read(const RecordRef& ref) {
    auto transaction = store_.begin().value();
    return transaction->lock(database_.mapping, {&ref, 1}).value().front();
  }

  /// Sets the phone of every given row in one batch.
  std::vector<ports::WriteFailure> set_phones(const std::vector<std::int64_t>& ids, const std::string& phone) {
    std::vector<RecordRef> refs;
    for (std::int64_t id : ids) refs.push_back({id, {}, {}});
    auto transaction = store_.begin().value();
    const auto records = transaction->lock(database_.mapping, refs).value();
    RecordChange change;
    change.row_action = RowAction::update;
    change.set["Phone"] = phone;
    std::vector<ports::RecordWrite> writes;
    for (const Record& record : records) writes.push_back({&record, &change});
    auto failures = transaction->write(database_.mapping, writes);
    EXPECT_TRUE(failures) << (failures ? "" : describe(failures.error()));
    StoreDatabase::must(transaction->commit());
    return failures.value_or(std::vector<ports::WriteFailure>());
  }

  std::vector<std::int64_t> insert_synced(int count) {
    std::vector<std::int64_t> ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back(
          std::stoll(app_.value(fmt::format("SET xmlbinary = hex; INSERT INTO salesforce.contact (sfid, lastname) "
                                            "VALUES ('00300000000{:04}AAA', 'n{}') RETURNING id",
                                            i, i))));
    }
    app_.execute("SET xmlbinary = base64");
    return ids;
  }

  std::string phones() {
    return app_.value("SELECT string_agg(coalesce(phone, '-'), ' ' ORDER BY id) FROM salesforce.contact");
  }

  StoreDatabase database_;
  test::SqlSession& app_ = database_.app;
  PgStore store_{database_.options()};
};

TEST_F(PgStoreTest, ARowThatATriggerRefusesIsReportedAlone) {
  app_.execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.lastname = 'n2' THEN RAISE "
      "EXCEPTION 'secret %', NEW.phone; END IF; RETURN NEW; END $$;"
      "CREATE TRIGGER refuse BEFORE UPDATE ON salesforce.contact FOR EACH ROW EXECUTE FUNCTION refuse()");
  const auto failures = set_phones(insert_synced(5), "7");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].index, 2U);
  EXPECT_EQ(failures[0].error.kind, ErrorKind::store_constraint);
  EXPECT_EQ(failures[0].error.code, "P0001");
  EXPECT_THAT(failures[0].error.detail, HasSubstr("PL/pgSQL function refuse"));
  EXPECT_EQ(describe(failures[0].error).find("secret"), std::string::npos) << "values stay out of errors";
  EXPECT_EQ(phones(), "7 7 - 7 7");
}

TEST_F(PgStoreTest, ARowThatATriggerSwallowsIsReported) {
  app_.execute(
      "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.lastname = 'n1' THEN RETURN NULL; "
      "END IF; RETURN NEW; END $$;"
      "CREATE TRIGGER swallow BEFORE UPDATE ON salesforce.contact FOR EACH ROW EXECUTE FUNCTION swallow()");
  const auto failures = set_phones(insert_synced(3), "7");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].index, 1U);
  EXPECT_EQ(phones(), "7 - 7");
}

TEST_F(PgStoreTest, ATriggerThatLeavesXmlbinaryChangedCannotMakeALoop) {
  app_.execute(
      "CREATE FUNCTION leak() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.lastname = 'n1' THEN SET LOCAL "
      "xmlbinary TO base64; END IF; RETURN NEW; END $$;"
      "CREATE TRIGGER a_leak BEFORE UPDATE ON salesforce.contact FOR EACH ROW EXECUTE FUNCTION leak()");
  const auto failures = set_phones(insert_synced(4), "7");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].index, 1U);
  EXPECT_EQ(failures[0].error.code, "DU001");
  EXPECT_EQ(phones(), "7 - 7 7");
  EXPECT_EQ(app_.value("SELECT count(*) FROM salesforce._trigger_log"), "0");
}

TEST_F(PgStoreTest, ADeferredConstraintFailsForItsRecordOnly) {
  app_.execute(
      "CREATE TABLE phone_book (phone text PRIMARY KEY); INSERT INTO phone_book VALUES ('7');"
      "ALTER TABLE salesforce.contact ADD FOREIGN KEY (phone) REFERENCES phone_book DEFERRABLE INITIALLY DEFERRED");
  const auto ids = insert_synced(2);
  auto transaction = store_.begin().value();
  const std::vector<RecordRef> refs{{ids[0], {}, {}}, {ids[1], {}, {}}};
  const auto records = transaction->lock(database_.mapping, refs).value();
  std::vector<RecordChange> changes(2);
  for (std::size_t i = 0; i < 2; ++i) {
    changes[i].row_action = RowAction::update;
    changes[i].set["Phone"] = std::string(i == 0 ? "unknown" : "7");
  }
  const std::vector<ports::RecordWrite> writes{{&records[0], &changes[0]}, {&records[1], &changes[1]}};
  const auto failures = transaction->write(database_.mapping, writes).value();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].index, 0U);
  EXPECT_EQ(failures[0].error.code, "23503");
  StoreDatabase::must(transaction->commit());
  EXPECT_EQ(phones(), "- 7");
}

TEST_F(PgStoreTest, ValuesThatDoNotFitAreBadData) {
  const auto ids = insert_synced(2);
  EXPECT_EQ(set_phones({ids[0]}, std::string(41, 'x')).at(0).error.kind, ErrorKind::bad_data);
  EXPECT_EQ(set_phones({ids[0]}, std::string("a\0b", 3)).at(0).error.kind, ErrorKind::bad_data);
  EXPECT_EQ(set_phones({ids[0]}, "\xff\xfe").at(0).error.kind, ErrorKind::bad_data);
  EXPECT_TRUE(set_phones(ids, "ok").empty());
}

TEST_F(PgStoreTest, AColumnThatWentAwayIsASchemaChangeOfTheWholeBatch) {
  const auto ids = insert_synced(1);
  app_.execute("ALTER TABLE salesforce.contact DROP COLUMN phone");
  auto transaction = store_.begin().value();
  const RecordRef ref{ids[0], {}, {}};
  auto locked = transaction->lock(database_.mapping, {&ref, 1});
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().kind, ErrorKind::schema_changed);
}

TEST_F(PgStoreTest, TheSameRecordTwiceIsBusyTheSecondTime) {
  const auto ids = insert_synced(1);
  const std::vector<RecordRef> refs{{ids[0], {}, {}}, {std::nullopt, "003000000000000AAA", {}}, {ids[0], {}, {}}};
  auto transaction = store_.begin().value();
  const auto records = transaction->lock(database_.mapping, refs).value();
  EXPECT_FALSE(records[0].busy);
  EXPECT_TRUE(records[1].busy);
  EXPECT_TRUE(records[2].busy);
}

TEST_F(PgStoreTest, TwoLanesOfOneRecordBecomeOne) {
  auto store_lane = [&](const RecordRef& ref, const std::function<void(Lane&)>& edit) {
    auto transaction = store_.begin().value();
    Record record = transaction->lock(database_.mapping, {&ref, 1}).value().front();
    edit(record.lane);
    RecordChange change;
    change.lane_changed = true;
    const ports::RecordWrite write{&record, &change};
    EXPECT_TRUE(transaction->write(database_.mapping, {&write, 1}).value().empty());
    StoreDatabase::must(transaction->commit());
  };
  const std::int64_t row = database_.app_insert({{"LastName", std::string("new")}});
  const RecordRef by_row{row, {}, {}};
  store_lane(by_row, [](Lane& lane) { lane.attempts.emplace_back().token = "create"; });
  store_lane({std::nullopt, kSfid, {}}, [](Lane& lane) { lane.dirty = Dirty{"event of an unknown record", 1, 0}; });
  ASSERT_EQ(app_.value("SELECT count(*) FROM duet.lane"), "2");
  // The answer tells that they are one record.
  store_lane(by_row, [](Lane& lane) {
    lane.sfid = kSfid;
    lane.attempts.back().state = AttemptState::accepted;
  });
  EXPECT_EQ(app_.value("SELECT count(*) FROM duet.lane"), "1");
  const Lane lane = read({std::nullopt, kSfid, {}}).lane;
  EXPECT_EQ(lane.row_id, row);
  EXPECT_TRUE(lane.dirty);
  EXPECT_EQ(lane.attempts.size(), 1U);
}

TEST_F(PgStoreTest, ALaneThatIsWrittenTwiceInATransactionHasWhatWasWrittenLast) {
  const std::int64_t row = database_.app_insert({});
  auto transaction = store_.begin().value();
  const RecordRef ref{row, {}, {}};
  Record record = transaction->lock(database_.mapping, {&ref, 1}).value().front();
  RecordChange change;
  change.lane_changed = true;
  for (const char* field : {"Phone", "Email"}) {
    record.lane.pending[field] = {};
    const ports::RecordWrite write{&record, &change};
    ASSERT_TRUE(transaction->write(database_.mapping, {&write, 1}).value().empty());
  }
  StoreDatabase::must(transaction->commit());
  EXPECT_EQ(read(ref).lane.pending.size(), 2U);
}

TEST_F(PgStoreTest, ALongHistoryOfOneRecordIsReadInShort) {
  const auto ids = insert_synced(2);
  app_.execute(fmt::format(
      "DO $$ BEGIN FOR i IN 1..10100 LOOP UPDATE salesforce.contact SET phone = i::text WHERE id = {0}; END LOOP; "
      "UPDATE salesforce.contact SET email = 'a@b' WHERE id = {0}; UPDATE salesforce.contact SET phone = 'last' WHERE "
      "id = {0}; "
      "UPDATE salesforce.contact SET email = 'other' WHERE id = {1}; END $$",
      ids[0], ids[1]));
  auto transaction = store_.begin().value();
  const std::vector<RecordRef> refs{{ids[0], {}, {}}, {ids[1], {}, {}}};
  const auto records = transaction->lock(database_.mapping, refs).value();
  ASSERT_EQ(records[0].captured.size(), 3U);
  EXPECT_TRUE(is_null(value_of(records[0].captured[0].old_values, "Phone")))
      << "the base is the value before the first change";
  EXPECT_THAT(records[0].captured[1].changed, ::testing::ElementsAre("Email"));
  EXPECT_THAT(records[0].captured[2].changed, ::testing::ElementsAre("Phone"));
  EXPECT_EQ(records[1].captured.size(), 1U);
  StoreDatabase::must(transaction->commit());
  EXPECT_EQ(app_.value("SELECT count(*) FROM salesforce._trigger_log WHERE state = 'MERGED'"), "10099");
}

TEST_F(PgStoreTest, KeysAreComparedAsTheOrgDoes) {
  const std::int64_t row = database_.app_insert({{"Ext__c", std::string(" KÄY ")}});
  EXPECT_EQ(read({std::nullopt, kSfid, "käy"}).row->id, row);
  EXPECT_FALSE(read({std::nullopt, kSfid, "kay"}).row);
}

class ExactKeyTest : public PgStoreTest {
 protected:
  static Mapping exact() {
    Mapping mapping = test::sample_mapping();
    std::ranges::find(mapping.fields, "Ext__c", [](const MappedField& each) {
      return each.schema.name;
    })->schema.case_sensitive = true;
    return mapping;
  }
  ExactKeyTest() : PgStoreTest(exact()) {}
};

TEST_F(ExactKeyTest, ACaseSensitiveKeyIsComparedExactly) {
  database_.app_insert({{"Ext__c", std::string("KEY")}});
  EXPECT_TRUE(read({std::nullopt, kSfid, "KEY "}).row);
  EXPECT_FALSE(read({std::nullopt, kSfid, "key"}).row);
}

class NumberKeyTest : public PgStoreTest {
 protected:
  static Mapping number() {
    Mapping mapping = test::sample_mapping();
    mapping.upsert_field = "Amount__c";
    mapping.indexes.clear();
    return mapping;
  }
  NumberKeyTest() : PgStoreTest(number()) {}
};

TEST_F(NumberKeyTest, ANumberIsANumberHoweverItIsWritten) {
  const std::int64_t row = database_.app_insert({{"Amount__c", 100.0}});
  EXPECT_EQ(read({std::nullopt, kSfid, "1e2"}).row->id, row);
  EXPECT_FALSE(read({std::nullopt, kSfid, "no number"}).row);
  RecordRef ref{row, {}, {}};
  auto transaction = store_.begin().value();
  Record record = transaction->lock(database_.mapping, {&ref, 1}).value().front();
  record.lane.external_id = "100.0";
  record.lane.pending["Phone"] = {};
  RecordChange change;
  change.lane_changed = true;
  const ports::RecordWrite write{&record, &change};
  ASSERT_TRUE(transaction->write(database_.mapping, {&write, 1}).value().empty());
  StoreDatabase::must(transaction->commit());
  EXPECT_FALSE(read({std::nullopt, {}, "100"}).lane.empty());
}

class MatchTest : public PgStoreTest {
 protected:
  static Mapping matched() {
    Mapping mapping = test::sample_mapping();
    mapping.match = {"LastName", "Phone"};
    return mapping;
  }
  MatchTest() : PgStoreTest(matched()) {}

  std::vector<ports::MatchingRow> find(const char* name, const char* phone, const char* sfid = "") {
    auto transaction = store_.begin().value();
    const ports::WantedMatch wanted{{{"LastName", std::string(name)}, {"Phone", std::string(phone)}}, sfid};
    return transaction->find_matches(database_.mapping, {&wanted, 1}).value();
  }
};

TEST_F(MatchTest, RowsWithoutAnIdAreFoundByAllMatchFields) {
  const std::int64_t row = database_.app_insert({{"LastName", std::string(" Wéber")}, {"Phone", std::string("1")}});
  database_.app_insert({{"LastName", std::string("Weber")}, {"Phone", std::string("2")}});
  database_.app_insert({{"LastName", std::string("wéber")}, {"Phone", Null{}}});
  const auto found = find("WÉBER", "1 ");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].row_id, row);
  EXPECT_TRUE(found[0].waiting);
  EXPECT_FALSE(found[0].sent);
  EXPECT_TRUE(find("Weber", "3").empty());
}

TEST_F(MatchTest, TheRowThatHasTheIdIsFoundWhateverItHolds) {
  const std::int64_t row = insert_synced(1).front();
  const auto found = find("nobody", "0", "003000000000000AAA");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].row_id, row);
  EXPECT_EQ(found[0].sfid, "003000000000000AAA");
  EXPECT_TRUE(find("n0", "0").empty()) << "a row with an Id is no insert that waits";
}

TEST_F(PgStoreTest, ALostConnectionLeavesTheOutcomeOfACommitUnknown) {
  const auto ids = insert_synced(1);
  auto transaction = store_.begin().value();
  const RecordRef ref{ids[0], {}, {}};
  const Record record = transaction->lock(database_.mapping, {&ref, 1}).value().front();
  app_.execute(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = "
      "current_database()");
  auto committed = transaction->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, ErrorKind::outcome_unknown);
  transaction.reset();
  EXPECT_TRUE(store_.now()) << "the store connects again";
}

TEST_F(PgStoreTest, EngineSessionsAreSetUpAsDesigned) {
  auto session = Session::connect(database_.url, SessionRole::engine).value();
  const std::map<std::string, std::string> expected{
      {"xmlbinary", "hex"},        {"synchronous_commit", "on"},
      {"lock_timeout", "200ms"},   {"TimeZone", "UTC"},
      {"DateStyle", "ISO, YMD"},   {"application_name", "duet"},
      {"client_encoding", "UTF8"}, {"search_path", "\"$user\", public, public, public"}};
  for (const auto& [name, value] : expected)
    EXPECT_EQ(session->query("SHOW " + name).value().text(0, 0), value) << name;
}

TEST_F(PgStoreTest, UnreachableAndRefusedConnectionsSayWhatToDo) {
  EXPECT_EQ(Session::connect("host=/nonexistent dbname=x", SessionRole::engine).error().kind, ErrorKind::store_down);
  const std::string wrong = database_.url.substr(0, database_.url.rfind('=') + 1) + "nowhere";
  EXPECT_EQ(Session::connect(wrong, SessionRole::engine).error().kind, ErrorKind::config);
}

class CopyTest : public PgStoreTest {
 protected:
  /// A row with an Id and a last name, as the load makes it.
  std::string rows(const std::vector<std::string>& sfids) const {
    codec::CopyWriter writer;
    writer.begin();
    const auto columns = codec::copy_columns(database_.mapping);
    for (const std::string& sfid : sfids) {
      writer.begin_row(static_cast<std::int16_t>(columns.size()));
      for (const std::string& column : columns) {
        if (column == "sfid") {
          writer.text(sfid);
        } else if (column == "_hc_lastop") {
          writer.text("SYNCED");
        } else if (column == "seen__c") {
          writer.timestamp(1'769'853'600'123);
        } else {
          writer.null();
        }
      }
    }
    writer.end();
    return std::string(writer.bytes());
  }
};

TEST_F(CopyTest, AnEmptyUnusedTableIsFilled) {
  auto sink = store_.begin_copy(database_.mapping).value();
  ASSERT_TRUE(sink);
  const std::string bytes = rows({kSfid, kOtherSfid});
  for (std::size_t at = 0; at < bytes.size(); at += 7)
    StoreDatabase::must(sink->write(std::string_view(bytes).substr(at, 7)));
  EXPECT_EQ(sink->finish().value(), 2);
  sink.reset();
  EXPECT_EQ(store_.load_progress(database_.mapping).value().state, ports::MappingState::loaded);
  EXPECT_EQ(store_.load_progress(database_.mapping).value().rows, 2);
  EXPECT_EQ(app_.value("SELECT string_agg(id || ' ' || sfid || ' ' || _hc_lastop || ' ' || seen__c, ', ' ORDER BY id) "
                       "FROM salesforce.contact"),
            "1 003000000000001AAA SYNCED 2026-01-31 10:00:00.123, 2 003000000000002AAA SYNCED 2026-01-31 10:00:00.123");
  EXPECT_EQ(app_.value("SELECT count(*) FROM salesforce._trigger_log"), "0");
  EXPECT_FALSE(store_.begin_copy(database_.mapping).value()) << "the table is not empty any more";
}

TEST_F(CopyTest, AUsedTableIsNotFilled) {
  const std::int64_t row = database_.app_insert({});
  app_.execute(fmt::format("DELETE FROM salesforce.contact WHERE id = {}", row));
  EXPECT_FALSE(store_.begin_copy(database_.mapping).value());
}

TEST_F(CopyTest, AFailedCopyLeavesNothingAndTheStoreGoesOn) {
  {
    auto sink = store_.begin_copy(database_.mapping).value();
    StoreDatabase::must(sink->write(rows({kSfid, kSfid})));
    auto finished = sink->finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().kind, ErrorKind::store_constraint);
  }
  {
    auto abandoned = store_.begin_copy(database_.mapping).value();
    ASSERT_TRUE(abandoned);
    StoreDatabase::must(abandoned->write(rows({kSfid})));
  }
  EXPECT_TRUE(store_.now());
  EXPECT_EQ(app_.value("SELECT count(*) FROM salesforce.contact"), "0");
  EXPECT_TRUE(store_.begin_copy(database_.mapping).value()) << "and it can be tried again";
}

}  // namespace
}  // namespace duet::postgres
