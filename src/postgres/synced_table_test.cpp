#include "postgres/synced_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/sample_mapping.h"
#include "support/private_cluster.h"
#include "support/sql_session.h"

namespace duet::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SyncedTableTest : public ::testing::Test {
 protected:
  Result<TablePlan> ensure(const Mapping& mapping) { return ensure_table(*admin_, "salesforce", synced_, mapping); }

  std::string url_ = test::shared_cluster().clean_database();
  test::SqlSession app_{url_};
  std::unique_ptr<Session> admin_ = Session::connect(url_, SessionRole::admin).value();
  SyncedSchema synced_ = install_synced_schema(*admin_, "salesforce").value();
  Mapping mapping_ = test::sample_mapping();
};

TEST_F(SyncedTableTest, CreatesTheTableOfHerokuConnect) {
  auto plan = ensure(mapping_);
  ASSERT_TRUE(plan) << describe(plan.error());
  EXPECT_FALSE(plan->exists);
  EXPECT_EQ(app_.value("SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) "
                       "FROM pg_attribute "
                       "WHERE attnum > 0 AND attrelid = 'salesforce.contact'::regclass"),
            "systemmodstamp timestamp without time zone, isdeleted boolean, lastname character varying(80), email "
            "character varying(80), "
            "phone character varying(40), description text, amount__c double precision, level__c integer, active__c "
            "boolean, birthdate date, "
            "seen__c timestamp without time zone, at__c time without time zone, ext__c character varying(36), "
            "reportstoid character varying(18), sfid character varying(18), id integer, "
            "_hc_lastop character varying(32), _hc_err text");
  EXPECT_EQ(
      app_.value("SELECT string_agg(indexname, ', ' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'contact'"),
      "contact_pkey, duet_key_contact_ext__c, hc_idx_contact_systemmodstamp, hcu_idx_contact_ext__c, "
      "hcu_idx_contact_sfid");
  EXPECT_EQ(app_.value("SELECT string_agg(tgname, ', ' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = "
                       "'salesforce.contact'::regclass"),
            "duet_contact_truncate_trigger, hc_contact_logtrigger, hc_contact_status_trigger");
  EXPECT_EQ(app_.value("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'hc_contact_logtrigger'"),
            "CREATE TRIGGER hc_contact_logtrigger AFTER INSERT OR DELETE OR UPDATE ON salesforce.contact FOR EACH ROW "
            "WHEN (((get_xmlbinary())::text = "
            "'base64'::text)) EXECUTE FUNCTION salesforce.hc_contact_logger()");
  EXPECT_EQ(app_.value("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'hc_contact_status_trigger'"),
            "CREATE TRIGGER hc_contact_status_trigger BEFORE INSERT OR UPDATE ON salesforce.contact FOR EACH ROW "
            "EXECUTE FUNCTION "
            "salesforce.hc_contact_status()");
  EXPECT_EQ(app_.value("SELECT pg_get_serial_sequence('salesforce.contact', 'id')"), "salesforce.contact_id_seq");
}

TEST_F(SyncedTableTest, TheSecondTimeNothingIsLeftToDo) {
  ASSERT_TRUE(ensure(mapping_));
  auto plan = plan_table(*admin_, "salesforce", mapping_);
  ASSERT_TRUE(plan) << describe(plan.error());
  EXPECT_TRUE(plan->exists);
  EXPECT_THAT(plan->steps, IsEmpty());
  EXPECT_TRUE(ensure(mapping_));
}

TEST_F(SyncedTableTest, AddsColumnsAndIndexesAndDropsNothing) {
  ASSERT_TRUE(ensure(mapping_));
  app_.execute(
      "ALTER TABLE salesforce.contact ADD COLUMN own text, DROP COLUMN phone; DROP INDEX "
      "salesforce.hc_idx_contact_systemmodstamp;"
      "INSERT INTO salesforce.contact (lastname, own) VALUES ('A', 'mine')");
  auto plan = ensure(mapping_);
  ASSERT_TRUE(plan) << describe(plan.error());
  EXPECT_THAT(plan->added_columns, ::testing::ElementsAre("phone"));
  EXPECT_EQ(app_.value("SELECT own FROM salesforce.contact WHERE phone IS NULL"), "mine");
  EXPECT_EQ(app_.value("SELECT count(*) FROM pg_indexes WHERE indexname = 'hc_idx_contact_systemmodstamp'"), "1");
}

TEST_F(SyncedTableTest, TellsEveryWrongColumnAndChangesNothing) {
  app_.execute(
      "CREATE TABLE salesforce.contact (id serial PRIMARY KEY, sfid varchar(18), amount__c numeric, active__c text, "
      "_hc_lastop varchar(32))");
  auto plan = ensure(mapping_);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::config);
  EXPECT_THAT(plan.error().detail,
              HasSubstr("column amount__c has type numeric, must be double precision: ALTER TABLE"));
  EXPECT_THAT(plan.error().detail, HasSubstr("column active__c has type text, must be boolean"));
  EXPECT_EQ(
      app_.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'salesforce.contact'::regclass AND attnum > 0"),
      "5");
}

TEST_F(SyncedTableTest, RefusesATableThatIsNotSynced) {
  app_.execute("CREATE TABLE salesforce.contact (name text)");
  auto plan = ensure(mapping_);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().detail, HasSubstr("column sfid is missing"));
}

TEST_F(SyncedTableTest, ShorterColumnsAreNotedAndKept) {
  ASSERT_TRUE(ensure(mapping_));
  app_.execute("ALTER TABLE salesforce.contact ALTER COLUMN email TYPE varchar(40)");
  auto plan = ensure(mapping_);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->notes.size(), 1U);
  EXPECT_THAT(plan->notes.front(), HasSubstr("contact.email is character varying(40)"));
}

TEST_F(SyncedTableTest, RefusesNamesThatWouldBeCutOff) {
  mapping_.fields[3].column = std::string(64, 'x');
  auto plan = ensure(mapping_);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::config);
  EXPECT_THAT(plan.error().message, HasSubstr("has 64 bytes"));
}

TEST_F(SyncedTableTest, LongNamesThatFitGetDistinctTriggersAndIndexes) {
  mapping_.table = "namespace__" + std::string(40, 'a') + "__c";
  mapping_.fields.back().column = "namespace__" + std::string(40, 'b') + "__c";
  for (int i = 0; i < 2; ++i) {
    auto plan = ensure(mapping_);
    ASSERT_TRUE(plan) << describe(plan.error());
  }
  EXPECT_EQ(app_.value("SELECT count(DISTINCT tgname) FROM pg_trigger WHERE tgrelid = ('salesforce.' || '" +
                       mapping_.table + "')::regclass"),
            "3");
  EXPECT_EQ(app_.value("SELECT count(*) FROM pg_indexes WHERE tablename = '" + mapping_.table + "'"), "5");
}

TEST_F(SyncedTableTest, AnUnmappableFieldIsNamed) {
  mapping_.fields[3].schema.type = FieldType::address;
  EXPECT_THAT(ensure(mapping_).error().message, HasSubstr("Contact.LastName has type address"));
}

TEST_F(SyncedTableTest, HostileNamesStayNames) {
  mapping_.table = "user\"; DROP TABLE _hcmeta; --";
  mapping_.fields[3].column = "a'b\"c";
  auto plan = ensure(mapping_);
  ASSERT_TRUE(plan) << describe(plan.error());
  app_.execute("INSERT INTO salesforce.\"user\"\"; DROP TABLE _hcmeta; --\" (\"a'b\"\"c\") VALUES ('x')");
  EXPECT_EQ(app_.value("SELECT table_name FROM salesforce._trigger_log"), mapping_.table);
}

TEST_F(SyncedTableTest, AForeignReadOnlyLoggerDoesNotServeAReadWriteMapping) {
  app_.execute(
      "CREATE FUNCTION salesforce.hc_contact_logger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "INSERT INTO salesforce._trigger_log (state) VALUES ('READONLY'); RETURN NULL; END $$");
  auto plan = ensure(mapping_);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().detail, HasSubstr("duet attach --upgrade-triggers"));
  mapping_.access = Access::read_only;
  EXPECT_TRUE(ensure(mapping_));
  mapping_.access = Access::read_write;
  EXPECT_THAT(take_over_functions(*admin_, "salesforce").value(), testing::ElementsAre("hc_contact_logger"));
  ASSERT_TRUE(ensure(mapping_));
  app_.execute("INSERT INTO salesforce.contact (lastname) VALUES ('a')");
  EXPECT_EQ(app_.value("SELECT string_agg(state, ' ') FROM salesforce._trigger_log"), "NEW");
  EXPECT_TRUE(take_over_functions(*admin_, "salesforce").value().empty()) << "all are ours now";
}

TEST_F(SyncedTableTest, AUniqueIndexThatCannotBeBuiltIsToldAndLeavesNothing) {
  Mapping plain = mapping_;
  plain.upsert_field.clear();
  plain.indexes.clear();
  ASSERT_TRUE(ensure(plain));
  app_.execute("INSERT INTO salesforce.contact (ext__c) VALUES ('a'), ('a')");
  auto plan = ensure(mapping_);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("cannot create index hcu_idx_contact_ext__c"));
  EXPECT_EQ(app_.value("SELECT count(*) FROM pg_class WHERE relname = 'hcu_idx_contact_ext__c'"), "0");
}

}  // namespace
}  // namespace duet::postgres
