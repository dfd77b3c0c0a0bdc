#include "postgres/synced_schema.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "postgres/migrations.h"
#include "postgres/sql_files.h"
#include "support/private_cluster.h"
#include "support/sql_session.h"

namespace duet::postgres {
namespace {

class SyncedSchemaTest : public ::testing::Test {
 protected:
  std::string url_ = test::shared_cluster().clean_database();
  test::SqlSession app_{url_};
  std::unique_ptr<Session> admin_ = Session::connect(url_, SessionRole::admin).value();
};

TEST_F(SyncedSchemaTest, MigratesOnceAndAgain) {
  for (int i = 0; i < 2; ++i) {
    auto migrated = migrate(*admin_);
    ASSERT_TRUE(migrated) << describe(migrated.error());
  }
  const auto files = std::ranges::count_if(embedded_sql_files(),
                                           [](const SqlFile& file) { return file.path.starts_with("migrations/"); });
  EXPECT_EQ(app_.value("SELECT count(*) FROM duet.migration"), std::to_string(files));
}

TEST_F(SyncedSchemaTest, RefusesADatabaseOfANewerProgram) {
  ASSERT_TRUE(migrate(*admin_));
  app_.execute("INSERT INTO duet.migration (version, name) VALUES (9999, 'future')");
  auto migrated = migrate(*admin_);
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().kind, ErrorKind::config);
  EXPECT_TRUE(admin_->query("SELECT 1"));
}

TEST_F(SyncedSchemaTest, HasTheColumnsOfHerokuConnectInOrder) {
  for (int i = 0; i < 2; ++i) {
    auto installed = install_synced_schema(*admin_, "salesforce");
    ASSERT_TRUE(installed) << describe(installed.error());
    EXPECT_FALSE(installed->adopted);
    EXPECT_EQ(installed->hstore_schema, "public");
  }
  const std::string columns =
      "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute "
      "WHERE attnum > 0 AND attrelid = 'salesforce.";
  const std::string log =
      "id integer, txid bigint, created_at timestamp with time zone, updated_at timestamp with time zone, processed_at "
      "timestamp with time zone, "
      "processed_tx bigint, state character varying(8), action character varying(7), table_name character "
      "varying(128), record_id integer, "
      "sfid character varying(18), old text, values text, sf_result integer, sf_message text";
  EXPECT_EQ(app_.value(columns + "_trigger_log'::regclass"), log);
  EXPECT_EQ(app_.value(columns + "_trigger_log_archive'::regclass"), log);
  EXPECT_EQ(app_.value(columns + "_hcmeta'::regclass"),
            "id integer, hcver integer, org_id character varying(50), details text");
  EXPECT_EQ(app_.value("SELECT pg_get_indexdef('salesforce._trigger_log_idx_state_table_name'::regclass)"),
            "CREATE INDEX _trigger_log_idx_state_table_name ON salesforce._trigger_log USING btree (state, table_name) "
            "WHERE (((state)::text = "
            "'NEW'::text) OR ((state)::text = 'PENDING'::text))");
  EXPECT_EQ(app_.value("SELECT get_xmlbinary()"), "base64");
}

TEST_F(SyncedSchemaTest, AppsInsertIntoTheLogByPosition) {
  ASSERT_TRUE(install_synced_schema(*admin_, "public"));
  app_.execute(
      "INSERT INTO _trigger_log VALUES (7, 1, now(), NULL, NULL, NULL, 'NEW', 'UPDATE', 'contact', 5, NULL, NULL, "
      "'a=>1')");
  EXPECT_EQ(app_.value("SELECT \"values\"::hstore -> 'a' FROM _trigger_log"), "1");
}

TEST_F(SyncedSchemaTest, CaptureFunctionsCaptureRowsAgain) {
  ASSERT_TRUE(install_synced_schema(*admin_, "salesforce"));
  app_.execute(
      "CREATE TABLE salesforce.contact (id integer, sfid text, lastname text, email text, _hc_lastop text, _hc_err "
      "text);"
      "INSERT INTO salesforce.contact VALUES (1, '003A', 'Bond', NULL, 'FAILED', 'no')");
  EXPECT_EQ(app_.value("SELECT salesforce.hc_capture_update_from_row(hstore(c.*), 'contact'::text, ARRAY['lastname', "
                       "'_hc_err']) FROM salesforce.contact c"),
            "1");
  EXPECT_EQ(app_.value("SELECT salesforce.hc_capture_insert_from_row(hstore(c.*), 'contact', ARRAY['email', 'id', "
                       "'sfid']) FROM salesforce.contact c"),
            "2");
  EXPECT_EQ(
      app_.value("SELECT salesforce.hc_capture_update_from_row(hstore(c.*), 'contact') FROM salesforce.contact c"),
      "3");
  EXPECT_EQ(app_.value("SELECT salesforce.hc_capture_update_from_row('sfid=>1'::hstore, 'contact')"), "<null>");
  EXPECT_EQ(app_.value("SELECT salesforce.hc_capture_insert_from_row('sfid=>1'::hstore, 'contact')"), "<null>");
  const auto rows = app_.rows(
      "SELECT state, action, table_name, record_id, sfid, old, \"values\", updated_at IS NOT NULL FROM "
      "salesforce._trigger_log ORDER BY id");
  using Row = test::SqlSession::Row;
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0], (Row{"NEW", "UPDATE", "contact", "1", "003A", std::nullopt, R"("lastname"=>"Bond")", "t"}));
  EXPECT_EQ(rows[1], (Row{"NEW", "INSERT", "contact", "1", std::nullopt, std::nullopt,
                          R"("id"=>"1", "sfid"=>"003A", "lastname"=>"Bond")", "t"}));
  EXPECT_EQ(rows[2], (Row{"NEW", "UPDATE", "contact", "1", "003A", std::nullopt,
                          R"("id"=>"1", "sfid"=>"003A", "email"=>NULL, "lastname"=>"Bond")", "t"}));
}

TEST_F(SyncedSchemaTest, LeavesTheFunctionsOfHerokuConnectAlone) {
  app_.execute(R"(
    CREATE SCHEMA salesforce;
    CREATE FUNCTION public.get_xmlbinary() RETURNS varchar LANGUAGE sql AS 'SELECT setting::varchar FROM pg_settings WHERE name = ''xmlbinary''';
    CREATE FUNCTION salesforce.tlog_notify_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_notify(''salesforce.hc_trigger_log'', ''ping''); RETURN NULL; END';
    CREATE TABLE salesforce._trigger_log (id serial PRIMARY KEY, txid bigint, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(),
      processed_at timestamptz, processed_tx bigint, state varchar(8), action varchar(7), table_name varchar(128), record_id integer, sfid varchar(18),
      old text, "values" text, sf_result integer, sf_message text);
    CREATE TRIGGER tlog_insert_trigger AFTER INSERT ON salesforce._trigger_log FOR EACH ROW EXECUTE FUNCTION salesforce.tlog_notify_trigger())");
  const std::string source =
      "SELECT md5(string_agg(prosrc, ' ' ORDER BY proname)) FROM pg_proc WHERE proname IN ('get_xmlbinary', "
      "'tlog_notify_trigger')";
  const std::string before = app_.value(source);
  auto installed = install_synced_schema(*admin_, "salesforce");
  ASSERT_TRUE(installed) << describe(installed.error());
  EXPECT_TRUE(installed->adopted);
  EXPECT_EQ(app_.value(source), before);
  EXPECT_EQ(app_.value("SELECT count(*) FROM pg_trigger WHERE tgname = 'tlog_insert_trigger'"), "1");
}

TEST_F(SyncedSchemaTest, FindsHstoreWhereverItIs) {
  app_.execute("CREATE SCHEMA heroku_ext; CREATE EXTENSION hstore SCHEMA heroku_ext");
  EXPECT_EQ(install_synced_schema(*admin_, "salesforce").value().hstore_schema, "heroku_ext");
  EXPECT_EQ(app_.value("SELECT salesforce.hc_capture_update_from_row('id=>1'::heroku_ext.hstore, 'contact')"), "1");
}

TEST_F(SyncedSchemaTest, RefusesASchemaNameThatHasNoChannel) {
  EXPECT_EQ(install_synced_schema(*admin_, std::string(60, 'x')).error().kind, ErrorKind::config);
  EXPECT_EQ(install_synced_schema(*admin_, "").error().kind, ErrorKind::config);
}

}  // namespace
}  // namespace duet::postgres
