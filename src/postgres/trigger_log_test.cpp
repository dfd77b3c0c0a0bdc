// What the triggers of a mapped table do, case by case (spec/heroku-connect.md §2.2, §3.2, §3.6).

#include <random>

#include <gtest/gtest.h>

#include "postgres/store_fixture_test.h"

namespace duet::postgres {
namespace {

using Row = test::SqlSession::Row;

/// The table of the golden vectors.
Mapping golden_mapping(Access access) {
  Mapping mapping;
  mapping.object = "Contact";
  mapping.table = "contact";
  mapping.access = access;
  auto add = [&](const char* name, FieldType type, int length = 0) {
    MappedField field;
    field.schema.name = name;
    field.schema.type = type;
    field.schema.length = length;
    field.column = to_lower(name);
    mapping.fields.push_back(std::move(field));
  };
  add("Id", FieldType::id);
  add("Name", FieldType::string, 121);
  add("Email", FieldType::email, 80);
  add("LastName", FieldType::string, 80);
  add("Amount__c", FieldType::double_number);
  add("IsDeleted", FieldType::boolean);
  add("CreatedDate", FieldType::datetime);
  add("SystemModstamp", FieldType::datetime);
  return mapping;
}

class TriggerLogTest : public ::testing::TestWithParam<Access> {
 protected:
  TriggerLogTest() {
    database_.app.execute(
        "SET xmlbinary = hex; INSERT INTO salesforce.contact (sfid, lastname, email) VALUES ('003000000000001AAA', "
        "'A', 'a@b'), (NULL, 'B', 'b@b'); "
        "SET xmlbinary = base64");
  }

  bool read_only() const { return GetParam() == Access::read_only; }
  std::string waiting() const { return read_only() ? "READONLY" : "NEW"; }
  std::string ignored() const { return read_only() ? "READONLY" : "IGNORE"; }

  std::vector<Row> log() {
    return database_.app.rows(
        "SELECT state, action, table_name, record_id, sfid, old, \"values\" FROM salesforce._trigger_log ORDER BY id");
  }

  StoreDatabase database_{golden_mapping(GetParam())};
  test::SqlSession& app_ = database_.app;

  static constexpr const char* kOldWithSfid =
      R"("id"=>"1", "name"=>NULL, "sfid"=>"003000000000001AAA", "email"=>"a@b", "lastname"=>"A", "amount__c"=>NULL, "isdeleted"=>NULL, "createddate"=>NULL, "systemmodstamp"=>NULL)";
  static constexpr const char* kOldWithoutSfid =
      R"("id"=>"2", "name"=>NULL, "sfid"=>NULL, "email"=>"b@b", "lastname"=>"B", "amount__c"=>NULL, "isdeleted"=>NULL, "createddate"=>NULL, "systemmodstamp"=>NULL)";
};

TEST_P(TriggerLogTest, AnInsertLogsTheWholeRowAndNoSfid) {
  app_.execute(
      R"(INSERT INTO salesforce.contact (sfid, email, lastname, amount__c, _hc_err) VALUES ('003000000000009AAA', 'a@b', 'O"Brien, "x" => y', 1e21, 'mine'))");
  ASSERT_EQ(log().size(), 1U);
  EXPECT_EQ(
      log()[0],
      (Row{
          waiting(), "INSERT", "contact", "3", std::nullopt, std::nullopt,
          R"("id"=>"3", "name"=>NULL, "sfid"=>"003000000000009AAA", "email"=>"a@b", "lastname"=>"O\"Brien, \"x\" => y", "amount__c"=>"1e+21", "isdeleted"=>NULL, "createddate"=>NULL, "systemmodstamp"=>NULL)"}));
  EXPECT_EQ(app_.value("SELECT txid IS NOT NULL AND created_at IS NOT NULL AND updated_at IS NULL AND processed_at IS "
                       "NULL FROM salesforce._trigger_log"),
            "t");
}

TEST_P(TriggerLogTest, AnUpdateLogsWhatChangedAndTheRowBefore) {
  app_.execute("UPDATE salesforce.contact SET email = NULL, lastname = 'Z', name = name WHERE id = 1");
  app_.execute("UPDATE salesforce.contact SET lastname = 'Z' WHERE id = 2");
  ASSERT_EQ(log().size(), 2U);
  EXPECT_EQ(log()[0], (Row{waiting(), "UPDATE", "contact", "1", "003000000000001AAA", kOldWithSfid,
                           R"("email"=>NULL, "lastname"=>"Z")"}));
  EXPECT_EQ(log()[1], (Row{waiting(), "UPDATE", "contact", "2", std::nullopt, kOldWithoutSfid, R"("lastname"=>"Z")"}));
}

TEST_P(TriggerLogTest, TruncateIsCapturedAsDeletesOfRecords) {
  app_.execute("TRUNCATE salesforce.contact");
  ASSERT_EQ(log().size(), 1U) << "a row without an Id is not in the org";
  EXPECT_EQ(log()[0], (Row{waiting(), "DELETE", "contact", "1", "003000000000001AAA", kOldWithSfid, std::nullopt}));
}

TEST_P(TriggerLogTest, TheEnginesTruncateIsNotCaptured) {
  app_.execute("SET xmlbinary = hex; TRUNCATE salesforce.contact; SET xmlbinary = base64");
  EXPECT_TRUE(log().empty());
}

TEST_P(TriggerLogTest, ASaveWithoutAChangeIsLoggedAsIgnored) {
  app_.execute("UPDATE salesforce.contact SET lastname = lastname, _hc_err = 'x' WHERE id = 1");
  ASSERT_EQ(log().size(), 1U);
  EXPECT_EQ(log()[0], (Row{ignored(), "UPDATE", "contact", "1", "003000000000001AAA", kOldWithSfid, ""}));
}

TEST_P(TriggerLogTest, ADeleteIsSentOnlyWhenTheOrgHasTheRecord) {
  app_.execute("DELETE FROM salesforce.contact WHERE id = 1");
  app_.execute("DELETE FROM salesforce.contact WHERE id = 2");
  ASSERT_EQ(log().size(), 2U);
  EXPECT_EQ(log()[0], (Row{waiting(), "DELETE", "contact", "1", "003000000000001AAA", kOldWithSfid, std::nullopt}));
  EXPECT_EQ(log()[1], (Row{ignored(), "DELETE", "contact", "2", std::nullopt, kOldWithoutSfid, std::nullopt}));
}

TEST_P(TriggerLogTest, TheEngineIsNotLogged) {
  app_.execute(
      "SET xmlbinary = hex; INSERT INTO salesforce.contact (lastname) VALUES ('C'); UPDATE salesforce.contact SET "
      "lastname = 'D'; DELETE FROM salesforce.contact");
  EXPECT_TRUE(log().empty());
}

TEST_P(TriggerLogTest, ATriggerMaySendItsOwnChangesBack) {
  app_.execute(R"(CREATE FUNCTION react() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE old_setting varchar;
    BEGIN
      old_setting := get_xmlbinary();
      SET LOCAL xmlbinary TO 'base64';
      UPDATE salesforce.contact SET name = 'seen' WHERE id = NEW.id AND name IS NULL;
      EXECUTE 'SET LOCAL xmlbinary TO ' || old_setting;
      RETURN NULL;
    END $$;
    CREATE TRIGGER react AFTER UPDATE ON salesforce.contact FOR EACH ROW WHEN (get_xmlbinary()::text != 'base64'::text) EXECUTE FUNCTION react();
    SET xmlbinary = hex; UPDATE salesforce.contact SET lastname = 'Z' WHERE id = 1)");
  ASSERT_EQ(log().size(), 1U);
  EXPECT_EQ(log()[0][6], R"("name"=>"seen")");
  EXPECT_EQ(app_.value("SELECT get_xmlbinary()"), "hex");
}

TEST_P(TriggerLogTest, ColumnsOfTheAppAreLoggedToo) {
  app_.execute(
      "ALTER TABLE salesforce.contact ADD COLUMN own text; UPDATE salesforce.contact SET own = 'x' WHERE id = 1");
  EXPECT_EQ(log().at(0)[6], R"("own"=>"x")");
}

TEST_P(TriggerLogTest, TextsDoNotDependOnTheAppsSession) {
  app_.execute(
      "SET DateStyle = 'SQL, DMY'; SET extra_float_digits = -5; SET TimeZone = 'Asia/Tokyo'; SET search_path = "
      "pg_catalog; "
      "UPDATE salesforce.contact SET createddate = '2026-01-31 10:00:00.5', amount__c = 0.1 + 0.2::float8 WHERE id = "
      "1");
  EXPECT_EQ(log().at(0)[6], R"("amount__c"=>"0.30000000000000004", "createddate"=>"2026-01-31 10:00:00.5")");
}

TEST_P(TriggerLogTest, AnAppNeedsNoRightOnTheLog) {
  app_.execute(
      "DROP ROLE IF EXISTS duet_app; CREATE ROLE duet_app; GRANT USAGE ON SCHEMA salesforce TO duet_app; GRANT SELECT, "
      "UPDATE ON salesforce.contact TO duet_app");
  app_.execute("SET ROLE duet_app; UPDATE salesforce.contact SET lastname = 'Z' WHERE id = 1; RESET ROLE");
  EXPECT_EQ(log().size(), 1U);
  app_.execute("DROP OWNED BY duet_app; DROP ROLE duet_app");
}

TEST_P(TriggerLogTest, TheStatusOfARowHasALife) {
  auto status = [&](const std::string& sql) {
    app_.execute(sql);
    return app_.value(
        "SELECT coalesce(_hc_lastop, '') || '/' || coalesce(_hc_err, '') FROM salesforce.contact WHERE id = 1");
  };
  EXPECT_EQ(status("SELECT 1"), "SYNCED/");
  EXPECT_EQ(status("UPDATE salesforce.contact SET lastname = 'Z', _hc_lastop = 'SYNCED', _hc_err = 'mine'"),
            "PENDING/");
  app_.execute("SET xmlbinary = hex");
  EXPECT_EQ(status("UPDATE salesforce.contact SET _hc_lastop = 'FAILED', _hc_err = 'no'"), "FAILED/no");
  EXPECT_EQ(status("UPDATE salesforce.contact SET _hc_lastop = 'FAILED', _hc_err = 'still no'"), "SYNCED/")
      << "the trap of §3.6";
  EXPECT_EQ(status("UPDATE salesforce.contact SET _hc_lastop = 'INSERTED'"), "INSERTED/");
  EXPECT_EQ(status("UPDATE salesforce.contact SET lastname = 'Y'"), "SYNCED/");
  EXPECT_EQ(status("UPDATE salesforce.contact SET _hc_lastop = NULL"), "SYNCED/");
  app_.execute("INSERT INTO salesforce.contact (lastname, _hc_lastop, _hc_err) VALUES ('N', 'FAILED', 'x')");
  EXPECT_EQ(app_.value("SELECT _hc_lastop || coalesce(_hc_err, '') FROM salesforce.contact WHERE lastname = 'N'"),
            "SYNCED");
  app_.execute(
      "SET xmlbinary = base64; INSERT INTO salesforce.contact (lastname, _hc_lastop, _hc_err) VALUES ('M', 'SYNCED', "
      "'x')");
  EXPECT_EQ(app_.value("SELECT _hc_lastop || coalesce(_hc_err, '') FROM salesforce.contact WHERE lastname = 'M'"),
            "PENDING");
}

INSTANTIATE_TEST_SUITE_P(Access, TriggerLogTest, ::testing::Values(Access::read_write, Access::read_only),
                         [](const auto& param) { return param.param == Access::read_only ? "ReadOnly" : "ReadWrite"; });

/// The server as the judge of our hstore: what it prints we read, what we print it reads, and both print the same.
TEST(HstoreOracleTest, RandomPairsMeanTheSameToUsAndToTheServer) {
  StoreDatabase database;
  std::mt19937 random(7);
  static constexpr const char* kParts[] = {"a",    "\"",   "\\", "=>", ",", " ", "\t", "\n",
                                           "NULL", "null", "ü",  "漢", "'", "{", "=",  "1e+21"};
  auto text = [&] {
    std::string out;
    for (unsigned i = random() % 5; i > 0; --i) out += kParts[random() % std::size(kParts)];
    return out;
  };
  for (int round = 0; round < 300; ++round) {
    codec::Hstore pairs;
    for (unsigned i = random() % 6; i > 0; --i) {
      const std::string key = text();
      pairs[key] = random() % 4 == 0 ? std::nullopt : std::optional(text());
    }
    const std::string ours = codec::format_hstore(pairs);
    const std::string theirs = database.app.value(fmt::format("SELECT ({}::hstore)::text", database.app.quote(ours)));
    ASSERT_EQ(theirs, ours) << "round " << round;
    ASSERT_EQ(codec::parse_hstore(theirs).value(), pairs) << "round " << round;
  }
}

TEST(HstoreOracleTest, LiteralsAreAcceptedAndRefusedAlike) {
  StoreDatabase database;
  std::mt19937 random(11);
  static constexpr const char* kTokens[] = {"a", "b1", "\"q\"", "\"",   "=>",       "=",   ">",
                                            ",", " ",  "\\",    "NULL", "\"NULL\"", "x=y", "c,d"};
  int accepted = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::string literal;
    for (unsigned i = random() % 9; i > 0; --i) literal += kTokens[random() % std::size(kTokens)];
    const auto ours = codec::parse_hstore(literal);
    std::optional<std::string> theirs;
    try {
      theirs = database.app.value(fmt::format("SELECT ({}::hstore)::text", database.app.quote(literal)));
    } catch (const std::runtime_error&) {
    }
    ASSERT_EQ(ours.has_value(), theirs.has_value()) << literal;
    if (!ours) continue;
    ++accepted;
    // Of equal keys the server keeps one of its own choice.
    const codec::Hstore read = codec::parse_hstore(*theirs).value();
    ASSERT_EQ(ours->size(), read.size()) << literal;
    for (const auto& [key, value] : read) ASSERT_TRUE(ours->contains(key)) << literal;
  }
  EXPECT_GT(accepted, 50);
}

}  // namespace
}  // namespace duet::postgres
