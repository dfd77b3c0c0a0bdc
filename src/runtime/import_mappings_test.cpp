#include "runtime/import_mappings.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/connection_store.h"
#include "postgres/mapping_store.h"
#include "runtime/doctor.h"
#include "runtime/prepare_connection.h"
#include "runtime/schema_issues.h"
#include "runtime/schema_org_test.h"
#include "runtime/serve_lock.h"
#include "runtime/status_reader.h"
#include "runtime/system_ports.h"
#include "support/private_cluster.h"
#include "support/sql_session.h"

namespace duet::runtime {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class ImportMappingsTest : public ::testing::Test {
 protected:
  ImportMappingsTest() : url_(test::shared_cluster().clean_database()), app_(url_) {
    config_.name = "main";
    config_.postgres.url = url_;
    org_.add("Account", {"Name", "Phone"});
    org_.add("Contact", {"LastName"});
    org_.events["Account"] = true;
    session_ = postgres::Session::connect(url_, postgres::SessionRole::admin).value();
  }

  static codec::FileMapping wanted(const std::string& object, std::initializer_list<const char*> fields) {
    codec::FileMapping mapping;
    mapping.object = object;
    mapping.path = object;
    mapping.access = Access::read_write;
    mapping.upsert_field = "Ext__c";
    for (const char* name : fields) mapping.fields.push_back({name, std::nullopt});
    return mapping;
  }
  Result<ImportResult> import(std::vector<codec::FileMapping> mappings, bool dry_run = false) {
    codec::MappingFile file;
    file.mappings = std::move(mappings);
    return import_mappings(config_, *session_, org_, file, dry_run);
  }
  ConnectionStatus status() { return StatusReader(url_, "salesforce", "main", clock_).read().value(); }
  std::vector<Finding> examine() {
    Findings findings("main");
    examine_database(*session_, "salesforce", findings);
    examine_mappings(*session_, &org_, config_, findings);
    return std::move(findings).take();
  }
  /// The findings that are not ok, as `check: message`.
  std::vector<std::string> complaints() {
    std::vector<std::string> texts;
    for (const Finding& finding : examine()) {
      if (finding.severity != Severity::ok) texts.push_back(finding.check + ": " + finding.message);
    }
    return texts;
  }

  std::string url_;
  test::SqlSession app_;
  ConnectionConfig config_;
  SchemaOrg org_;
  SystemClock clock_;
  std::unique_ptr<postgres::Session> session_;
};

TEST_F(ImportMappingsTest, ADryRunChangesNothing) {
  const ImportResult result = import({wanted("Account", {"Name"})}, true).value();
  EXPECT_TRUE(result.possible);
  EXPECT_FALSE(result.mappings.at(0).steps.empty());
  EXPECT_EQ(app_.value("SELECT count(*) FROM pg_namespace WHERE nspname IN ('duet', 'salesforce')"), "0");
}

TEST_F(ImportMappingsTest, AnErrorInTheFileChangesNothing) {
  EXPECT_FALSE(import({wanted("Account", {"Name"}), wanted("Contact", {"Nme"})})->possible);
  EXPECT_EQ(app_.value("SELECT count(*) FROM pg_namespace WHERE nspname IN ('duet', 'salesforce')"), "0");
}

TEST_F(ImportMappingsTest, TablesAreMadeAndLoadAgainWhenFieldsAreAdded) {
  ASSERT_TRUE(import({wanted("Account", {"Name"}), wanted("Contact", {"LastName"})})->possible);
  EXPECT_EQ(
      app_.value("SELECT string_agg(object || ' ' || source || ' ' || state, ', ' ORDER BY object) FROM duet.mapping"),
      "Account events created, Contact poll created");
  app_.execute("UPDATE duet.mapping SET state = 'loaded'");
  const std::string revision = app_.value("SELECT value FROM duet.setting WHERE name = 'mapping_revision'");

  EXPECT_EQ(import({wanted("Account", {"Name"})})->mappings.at(0).planned.action, ImportAction::keep);
  EXPECT_EQ(app_.value("SELECT value FROM duet.setting WHERE name = 'mapping_revision'"), revision)
      << "nothing to take up";

  EXPECT_TRUE(import({wanted("Account", {"Name", "Phone"})})->mappings.at(0).loads);
  EXPECT_EQ(app_.value("SELECT string_agg(object || ' ' || state, ', ' ORDER BY object) FROM duet.mapping"),
            "Account created, Contact loaded");
  EXPECT_NE(app_.value("SELECT value FROM duet.setting WHERE name = 'mapping_revision'"), revision);
}

TEST_F(ImportMappingsTest, ATableOfAnotherShapeIsToldBeforeAnythingIsDone) {
  app_.execute("CREATE SCHEMA salesforce; CREATE TABLE salesforce.account (id uuid PRIMARY KEY, name bytea)");
  const ImportResult result = import({wanted("Account", {"Name"})}).value();
  EXPECT_FALSE(result.possible);
  EXPECT_THAT(result.problems.at(0).message, HasSubstr("account"));
  EXPECT_EQ(app_.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'duet'"), "0");
}

TEST_F(ImportMappingsTest, AnotherOrgIsRefused) {
  ASSERT_TRUE(import({wanted("Account", {"Name"})}));
  org_.org_id = "00D000000000009EAA";
  EXPECT_EQ(import({wanted("Account", {"Name", "Phone"})}).error().kind, ErrorKind::config);
}

TEST_F(ImportMappingsTest, PreparingLeavesOutWhatTheOrgNoLongerHas) {
  ASSERT_TRUE(import({wanted("Account", {"Name", "Phone"}), wanted("Contact", {"LastName"})}));
  std::erase_if(org_.objects["Account"].fields, [](const FieldSchema& field) { return field.name == "Phone"; });
  org_.objects.erase("Contact");
  const PreparedConnection prepared = prepare_connection(config_, *session_, org_).value();
  ASSERT_EQ(prepared.connection.mappings.size(), 1U);
  EXPECT_TRUE(prepared.connection.mappings[0].find("Name"));
  EXPECT_FALSE(prepared.connection.mappings[0].find("Phone"));
  ASSERT_EQ(prepared.left_out.size(), 1U);
  EXPECT_EQ(prepared.left_out[0].object, "Contact");
  EXPECT_EQ(prepared.problems.size(), 2U);

  const std::string open_issues =
      "SELECT string_agg(object || ' ' || message, '; ' ORDER BY object) FROM duet.issue WHERE state = 'open' AND kind "
      "= 'schema'";
  ASSERT_TRUE(record_schema_problems(config_, prepared, *session_));
  ASSERT_TRUE(record_schema_problems(config_, prepared, *session_)) << "again: nothing piles up";
  EXPECT_EQ(app_.value("SELECT count(*) FROM duet.issue"), "2");
  EXPECT_THAT(app_.value(open_issues), HasSubstr("Account Account has no field Phone"));
  EXPECT_EQ(app_.value("SELECT string_agg(object, ',') FROM duet.mapping WHERE range_dirty_since = 0"), "Contact");

  org_.add("Contact", {"LastName"});
  const PreparedConnection later = prepare_connection(config_, *session_, org_).value();
  ASSERT_TRUE(record_schema_problems(config_, later, *session_));
  EXPECT_THAT(app_.value(open_issues), ::testing::Not(HasSubstr("Contact")));
}

TEST_F(ImportMappingsTest, StatusShowsWhatWaits) {
  EXPECT_EQ(StatusReader(url_, "salesforce", "main", clock_).read().error().kind, ErrorKind::not_found);
  ASSERT_TRUE(import({wanted("Account", {"Name"})}));
  app_.execute("INSERT INTO salesforce.account (name) VALUES ('a'), ('b')");
  postgres::ConnectionStore connections(*session_);
  const int id = connections.open("main", "salesforce").value();
  ASSERT_TRUE(connections.set_paused(id, {false, true}));
  const ConnectionStatus shown = status();
  EXPECT_EQ(shown.org_id, org_.org_id);
  EXPECT_EQ(shown.paused, Pause::outbound);
  ASSERT_EQ(shown.mappings.size(), 1U);
  EXPECT_EQ(shown.mappings[0].rows, 2);
  EXPECT_EQ(shown.mappings[0].pending, 2);
  EXPECT_EQ(shown.mappings[0].access, "read_write");
}

TEST_F(ImportMappingsTest, OnlyOneServesAConnection) {
  ASSERT_TRUE(import({wanted("Account", {"Name"})}));
  auto other = postgres::Session::connect(url_, postgres::SessionRole::admin).value();
  EXPECT_FALSE(serve_runs(*other, 1).value());
  EXPECT_TRUE(take_serve_lock(*session_, 1).value());
  EXPECT_TRUE(serve_runs(*other, 1).value());
  EXPECT_FALSE(take_serve_lock(*other, 1).value());
  EXPECT_TRUE(take_serve_lock(*other, 2).value()) << "another connection";
  session_.reset();
  session_ = postgres::Session::connect(url_, postgres::SessionRole::admin).value();
  for (int tries = 0; tries < 1'000 && serve_runs(*other, 1).value(); ++tries) app_.execute("SELECT pg_sleep(0.01)");
  EXPECT_TRUE(take_serve_lock(*other, 1).value());
}

TEST_F(ImportMappingsTest, DoctorFindsNothingOnAGoodDay) {
  EXPECT_THAT(complaints(), ::testing::IsEmpty());
  ASSERT_TRUE(import({wanted("Account", {"Name"})}));
  EXPECT_THAT(complaints(), ::testing::IsEmpty());
}

TEST_F(ImportMappingsTest, DoctorFindsDamage) {
  ASSERT_TRUE(import({wanted("Account", {"Name"}), wanted("Contact", {"LastName"})}));
  app_.execute("ALTER TABLE salesforce.account DISABLE TRIGGER hc_account_logtrigger");
  app_.execute("DROP TABLE salesforce.contact");
  app_.execute("SELECT setval('salesforce._trigger_log_id_seq', 2000000000)");
  app_.execute("ALTER ROLE CURRENT_USER SET xmlbinary = 'hex'");
  org_.objects["Account"].fields[3].unique = false;
  const std::vector<std::string> found = complaints();
  app_.execute("ALTER ROLE CURRENT_USER RESET xmlbinary");
  EXPECT_THAT(found, Contains(HasSubstr("mapping.triggers: a capture trigger of the table account is disabled")));
  EXPECT_THAT(found, Contains(HasSubstr("mapping.table: the table contact is gone")));
  EXPECT_THAT(found, Contains(HasSubstr("database.sequences: the sequence _trigger_log_id_seq has used 93 %")));
  EXPECT_THAT(found, Contains(HasSubstr("database.settings: xmlbinary=hex is set")));
  EXPECT_THAT(found, Contains(HasSubstr("mapping.org: Account.Ext__c is not a unique external id")));
}

TEST_F(ImportMappingsTest, DoctorFindsChangeEventsThatWentAway) {
  ASSERT_TRUE(import({wanted("Account", {"Name"})}));
  org_.events["Account"] = false;
  EXPECT_THAT(complaints(), Contains(HasSubstr("mapping.source: Account had change events and has none any more")));
}

TEST_F(ImportMappingsTest, DoctorFindsMissingRights) {
  app_.execute("CREATE ROLE import_weak LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  session_->execute("SET ROLE import_weak").value();
  const std::vector<std::string> found = complaints();
  session_->execute("RESET ROLE").value();
  app_.execute("DROP OWNED BY import_weak; DROP ROLE import_weak");
  EXPECT_THAT(found, Contains(HasSubstr("import_weak may not create it")));
  EXPECT_THAT(found, Contains(HasSubstr("may not create the function public.get_xmlbinary()")));
}

}  // namespace
}  // namespace duet::runtime
