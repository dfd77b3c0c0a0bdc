#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/issue_store.h"
#include "postgres/journal_store.h"
#include "postgres/log_maintenance.h"
#include "postgres/status_store.h"
#include "postgres/store_fixture_test.h"

namespace duet::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SurfaceStoresTest : public ::testing::Test {
 protected:
  void write(const RecordRef& ref, const RecordChange& change, const Lane& lane = {}) {
    auto transaction = store_.begin().value();
    Record record = transaction->lock(database_.mapping, {&ref, 1}).value().front();
    record.lane = lane;
    const ports::RecordWrite one{&record, &change};
    const auto failures = transaction->write(database_.mapping, {&one, 1});
    ASSERT_TRUE(failures) << describe(failures.error());
    ASSERT_TRUE(failures->empty()) << describe(failures->front().error);
    StoreDatabase::must(transaction->commit());
  }

  static Issue issue(const char* kind, const char* state, const char* code = "") {
    Issue issue;
    issue.kind = kind;
    issue.state = state;
    issue.code = code;
    issue.message = "no";
    issue.fields.push_back({"Amount__c", Absent{}, Null{}, 1.5, "postgres"});
    return issue;
  }

  StoreDatabase database_;
  PgStore store_{database_.options()};
  IssueStore issues_{*database_.admin, database_.connection_id};
  JournalStore journal_{*database_.admin, database_.connection_id};
};

TEST_F(SurfaceStoresTest, IssuesAreListedWithTheirFields) {
  const std::int64_t id = database_.app_insert({{"LastName", std::string("Bond")}});
  RecordChange change;
  change.issues = {issue("rejected", "open", "REQUIRED_FIELD_MISSING"), issue("conflict", "decided")};
  write({id, {}, "key"}, change);
  const auto all = issues_.list({}).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].issue.kind, "conflict");
  EXPECT_EQ(all[1].object, "Contact");
  EXPECT_EQ(all[1].table, "contact");
  EXPECT_EQ(all[1].record_id, id);
  EXPECT_EQ(all[1].external_id, "key");
  EXPECT_GT(all[1].created_at, 0);
  const IssueField& field = all[1].issue.fields.at(0);
  EXPECT_TRUE(is_absent(field.base));
  EXPECT_TRUE(is_null(field.salesforce));
  EXPECT_EQ(field.postgres, Value(1.5));
  EXPECT_EQ(field.chosen, "postgres");

  EXPECT_EQ(issues_.list({.state = "open"}).value().size(), 1U);
  EXPECT_EQ(issues_.list({.object = "contact"}).value().size(), 2U);
  EXPECT_EQ(issues_.list({.object = "Account"}).value().size(), 0U);
  EXPECT_EQ(issues_.list({.before_id = all[0].id, .limit = 1}).value().at(0).id, all[1].id);
  EXPECT_EQ(issues_.find(all[1].id).value()->issue.code, "REQUIRED_FIELD_MISSING");
  EXPECT_FALSE(issues_.find(999).value());
  EXPECT_EQ(issues_.open_count().value(), 1);
  EXPECT_TRUE(issues_.close(all[1].id, "open", {"ignored", "user:a", "done"}).value());
  EXPECT_FALSE(issues_.close(all[1].id, "open", {"ignored", "user:a", "done"}).value());
}

TEST_F(SurfaceStoresTest, IssuesAreFilteredAndGrouped) {
  const std::int64_t a = database_.app_insert({});
  const std::int64_t b = database_.app_insert({});
  RecordChange change;
  change.issues = {issue("rejected", "open", "X")};
  change.issues[0].message = "Say what 100% means";
  change.issues[0].attempt = "t1";
  change.issues[0].salesforce_actor = "005 via app";
  change.issues[0].postgres_at = 5;
  write({a, {}, {}}, change);
  write({b, {}, {}}, change);
  change.issues[0].code = "Y";
  change.issues[0].fields.push_back({"Phone", Absent{}, Absent{}, Null{}, {}});
  write({b, {}, {}}, change);

  EXPECT_EQ(issues_.count({.code = "X"}, 10).value(), 2);
  EXPECT_EQ(issues_.count({}, 2).value(), 2);
  EXPECT_EQ(issues_.count({.field = "phone"}, 10).value(), 1);
  EXPECT_EQ(issues_.count({.rule = "newest"}, 10).value(), 0);
  EXPECT_EQ(issues_.count({.text = "WHAT 100%"}, 10).value(), 3);
  EXPECT_EQ(issues_.count({.text = "what_100%"}, 10).value(), 0) << "no pattern";
  EXPECT_EQ(issues_.count({.record_id = b}, 10).value(), 2);
  const auto found = issues_.list({.code = "Y"}).value().at(0);
  EXPECT_EQ(found.issue.attempt, "t1");
  EXPECT_EQ(found.issue.salesforce_actor, "005 via app");
  EXPECT_EQ(found.issue.postgres_at, 5);
  EXPECT_EQ(issues_.list({.ids = {found.id, 999}}).value().size(), 1U);

  const auto groups = issues_.groups({.state = "open"}).value();
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].code, "X");
  EXPECT_EQ(groups[0].field, "Amount__c");
  EXPECT_EQ(groups[0].count, 2);
  EXPECT_EQ(groups[0].records, 2);
  EXPECT_EQ(groups[0].objects, std::vector<std::string>{"Contact"});
  EXPECT_EQ(groups[1].field, "") << "of several fields none is the cause";
  EXPECT_EQ(groups[1].newest_id, found.id);

  EXPECT_EQ(database_.app.value(
                "SELECT string_agg(field || ':' || coalesce(postgres, '-'), ',' ORDER BY issue_id, field) FROM "
                "duet.issue_fields"),
            "Amount__c:1.5,Amount__c:1.5,Amount__c:1.5,Phone:-");
}

TEST_F(SurfaceStoresTest, AnOpenIssueThatHappensAgainIsOneIssue) {
  const std::int64_t id = database_.app_insert({});
  RecordChange change;
  change.issues = {issue("rejected", "open", "X")};
  write({id, {}, {}}, change);
  change.issues[0].message = "still no";
  write({id, {}, {}}, change);
  change.issues[0].code = "Y";
  write({id, {}, {}}, change);
  const auto all = issues_.list({.state = "open"}).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].occurrences, 2);
  EXPECT_EQ(all[1].issue.message, "still no");
  RecordChange settled;
  settled.resolved_issues = {"rejected"};
  write({id, {}, {}}, settled);
  EXPECT_EQ(issues_.open_count().value(), 0);
}

TEST_F(SurfaceStoresTest, TheJournalKeepsAWholeRowAsItWas) {
  const std::int64_t id = database_.app_insert({{"LastName", std::string("Bond")}});
  RecordChange change;
  JournalEntry entry;
  entry.reason = JournalReason::deleted;
  entry.rule = "salesforce";
  entry.whole_row = true;
  entry.lost_at = 17;
  change.journal = {entry};
  entry.whole_row = false;
  entry.field = "Amount__c";
  entry.lost = 1e300;
  entry.kept = Null{};
  change.journal.push_back(entry);
  change.row_action = RowAction::remove;
  write({id, "003000000000001AAA", {}}, change);
  const auto entries = journal_.list({.object = "CONTACT", .sfid = "003000000000001AAA"}).value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_THAT(entries[1].row_before, HasSubstr("\"lastname\":\"Bond\""));
  EXPECT_THAT(entries[1].row_before, HasSubstr(fmt::format("\"id\":{}", id)));
  EXPECT_EQ(entries[1].reason, "deleted");
  EXPECT_EQ(entries[1].lost_at, 17);
  EXPECT_EQ(entries[0].lost, Value(1e300));
  EXPECT_TRUE(is_null(entries[0].kept));
  EXPECT_TRUE(is_absent(entries[0].base));
  EXPECT_EQ(journal_.list({.before_id = entries[0].id}).value().size(), 1U);
  EXPECT_EQ(journal_.list({.field = "amount__c"}).value().size(), 1U);
  EXPECT_EQ(journal_.list({.reasons = {"conflict", "merge"}}).value().size(), 0U);
  EXPECT_EQ(journal_.list({.record_id = id, .since = entries[1].created_at}).value().size(), 2U);
  EXPECT_EQ(journal_.list({.since = entries[0].created_at + 60'000}).value().size(), 0U);
  EXPECT_EQ(journal_.find(entries[1].id).value()->row_before, entries[1].row_before);
  EXPECT_EQ(database_.app.value(
                "SELECT lost || ' ' || coalesce(kept, 'null') FROM duet.journal_entries WHERE field = 'Amount__c'"),
            "1e+300 null");
}

TEST_F(SurfaceStoresTest, CountsTellWhatWaits) {
  const std::int64_t a = database_.app_insert({});
  database_.app_insert({});
  RecordChange change;
  change.lane_changed = true;
  Lane lane;
  lane.pending["Phone"] = {};
  write({a, {}, {}}, change, lane);
  lane = {};
  lane.dirty = Dirty{"gap", 1, 0};
  write({std::nullopt, "003000000000001AAA", {}}, change, lane);
  const MappingCounts counts = count_mapping(*database_.admin, "salesforce", database_.mapping).value();
  EXPECT_EQ(counts.rows, 2);
  EXPECT_EQ(counts.new_log, 2);
  EXPECT_GE(counts.oldest_new_ms, 0);
  EXPECT_EQ(counts.lanes, 2);
  EXPECT_EQ(counts.lanes_sendable, 1);
  EXPECT_EQ(counts.lanes_dirty, 1);
  EXPECT_EQ(counts.lanes_in_flight, 0);
}

TEST_F(SurfaceStoresTest, SequencesThatRunOutAreSeen) {
  database_.app.execute("SELECT setval('salesforce._trigger_log_id_seq', 1900000000)");
  const auto uses = sequence_use(*database_.admin, "salesforce", {database_.mapping}).value();
  database_.app.execute("SELECT setval('salesforce._trigger_log_id_seq', 1, false)");
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].sequence, "salesforce._trigger_log_id_seq");
  EXPECT_GT(uses[0].used, kSequenceAlarm);
  EXPECT_LT(uses[1].used, 0.01);
}

TEST_F(SurfaceStoresTest, TheCloneGuardOffersAChoice) {
  ConnectionStore connections(*database_.admin);
  EXPECT_EQ(connections.open("main", "salesforce").value(), database_.connection_id);
  EXPECT_EQ(connections.open("main", "other").error().kind, ErrorKind::config);
  EXPECT_EQ(connections.open("second", "salesforce").error().kind, ErrorKind::config);

  StoreDatabase::must(connections.guard(database_.connection_id, "00D000000000001EAA"));
  StoreDatabase::must(connections.guard(database_.connection_id, "00D000000000001EAA"));
  for (const char* changed : {"system_identifier = system_identifier + 1", "database_oid = 1",
                              "timeline = timeline + 1", "org_id = '00D000000000002EAA'"}) {
    database_.app.execute(fmt::format("UPDATE duet.connection SET {}", changed));
    auto guarded = connections.guard(database_.connection_id, "00D000000000001EAA");
    ASSERT_FALSE(guarded) << changed;
    EXPECT_EQ(guarded.error().kind, ErrorKind::config);
    EXPECT_THAT(guarded.error().detail, HasSubstr("duet attach --accept-database"));
    StoreDatabase::must(connections.accept(database_.connection_id, "00D000000000001EAA"));
    EXPECT_TRUE(connections.guard(database_.connection_id, "00D000000000001EAA"));
  }
  database_.app.execute("UPDATE duet.connection SET org_id = NULL");
}

TEST_F(SurfaceStoresTest, PausesAreKept) {
  ConnectionStore connections(*database_.admin);
  EXPECT_FALSE(connections.paused(database_.connection_id).value().all);
  StoreDatabase::must(connections.set_paused(database_.connection_id, {.all = false, .outbound = true}));
  EXPECT_TRUE(connections.paused(database_.connection_id).value().outbound);
  EXPECT_FALSE(connections.paused(database_.connection_id).value().all);
}

TEST_F(SurfaceStoresTest, MappingsAreReadAsTheyWereSaved) {
  MappingStore mappings(*database_.admin, database_.connection_id);
  Mapping mapping = database_.mapping;
  mapping.source = InboundSource::poll;
  mapping.source_reason = "no change events";
  mapping.delete_conflict = ConflictPolicy::salesforce;
  mapping.fields[3].conflict = ConflictPolicy::postgres;
  mapping.fields[3].schema.reference_to = {"Account"};
  StoreDatabase::must(mappings.save(mapping));
  EXPECT_EQ(mapping.id, database_.mapping.id);
  const StoredMapping stored = mappings.find("contact").value().value();
  EXPECT_EQ(stored.mapping.source, InboundSource::poll);
  EXPECT_EQ(stored.mapping.source_reason, "no change events");
  EXPECT_EQ(stored.mapping.delete_conflict, ConflictPolicy::salesforce);
  EXPECT_EQ(stored.mapping.fields.size(), mapping.fields.size());
  EXPECT_EQ(stored.mapping.fields[3].conflict, ConflictPolicy::postgres);
  EXPECT_EQ(stored.mapping.fields[3].schema.reference_to, mapping.fields[3].schema.reference_to);
  EXPECT_EQ(stored.load.state, ports::MappingState::loaded);
  StoreDatabase::must(mappings.save(database_.mapping));
}

class LogMaintenanceTest : public SurfaceStoresTest {
 protected:
  LogMaintenance maintain(const LogRetention& retention) {
    auto session = Session::connect(database_.url, SessionRole::engine).value();
    auto done = maintain_log(*session, "salesforce", retention);
    EXPECT_TRUE(done) << (done ? "" : describe(done.error()));
    return done.value_or(LogMaintenance{});
  }
  std::string state(int id) {
    return database_.app.value(fmt::format("SELECT state FROM salesforce._trigger_log WHERE id = {}", id));
  }
};

TEST_F(LogMaintenanceTest, ASaveWithoutAChangeIsSettled) {
  database_.app.execute(
      "SET xmlbinary = hex; INSERT INTO salesforce.contact (sfid, lastname) VALUES ('003000000000001AAA', 'a'), "
      "('003000000000002AAA', 'b'); "
      "SET xmlbinary = base64; UPDATE salesforce.contact SET lastname = lastname; UPDATE salesforce.contact SET phone "
      "= '1' WHERE lastname = 'b'");
  EXPECT_EQ(maintain({}).ignored, 2);
  EXPECT_EQ(database_.app.value("SELECT string_agg(_hc_lastop, ' ' ORDER BY id) FROM salesforce.contact"),
            "SYNCED PENDING");
  EXPECT_EQ(state(1), "IGNORED");
}

TEST_F(LogMaintenanceTest, ProcessedRowsMoveToTheArchiveAndGoAfterTheirTime) {
  database_.app.execute(
      "INSERT INTO salesforce._trigger_log (state, table_name, created_at) VALUES ('SUCCESS', 'contact', now() - "
      "interval '1 hour'), "
      "('FAILED', 'contact', now() - interval '1 hour'), ('NEW', 'contact', now() - interval '1 hour'), ('SUCCESS', "
      "'contact', now()), "
      "('FAILED', 'contact', now() - interval '2 days')");
  EXPECT_EQ(maintain({}).archived, 2);
  EXPECT_EQ(database_.app.value("SELECT string_agg(state, ' ' ORDER BY id) FROM salesforce._trigger_log"),
            "FAILED NEW SUCCESS");
  EXPECT_EQ(database_.app.value("SELECT string_agg(id::text, ' ' ORDER BY id) FROM salesforce._trigger_log_archive"),
            "1 5");
  LogRetention short_lived;
  short_lived.purge_after_ms = kMsPerDay;
  EXPECT_EQ(maintain(short_lived).purged, 1);
}

TEST_F(LogMaintenanceTest, WhatAnAppRequeuesGoesOutAgain) {
  database_.app.execute(
      "INSERT INTO salesforce._trigger_log_archive (id, state, action, table_name, record_id, \"values\") VALUES (90, "
      "'REQUEUE', 'UPDATE', 'contact', 7, 'a=>1')");
  EXPECT_EQ(maintain({}).requeued, 1);
  EXPECT_EQ(database_.app.value("SELECT state FROM salesforce._trigger_log_archive"), "REQUEUED");
  EXPECT_EQ(database_.app.value("SELECT state || record_id || \"values\" FROM salesforce._trigger_log"), "NEW7a=>1");
}

}  // namespace
}  // namespace duet::postgres
