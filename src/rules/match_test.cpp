#include "rules/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/claim.h"
#include "rules/outcome.h"
#include "rules/read.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::HasSubstr;
using testing::kVersion;
using testing::read_of;
using testing::Table;

/// A row that the app inserted, with A and B and no Id.
void insert(Table& table, const char* a, const char* b) {
  table.mapping.match = {"A__c", "B__c"};
  table.record.row = Row{7, {}, {{"A__c", std::string(a)}, {"B__c", std::string(b)}, {"Ext__c", Null{}}}, "PENDING"};
  CapturedChange change;
  change.log_id = 1;
  change.action = LogAction::insert;
  change.row_id = 7;
  change.captured_at = table.now;
  table.record.captured = {change};
}

TEST(Match, ValuesAreComparedAsTheOrgDoes) {
  Table table;
  table.mapping.match = {"A__c", "B__c"};
  const FieldValues row{{"A__c", std::string(" Ann@Example.com")}, {"B__c", std::string("x")}};
  EXPECT_TRUE(same_match(table.mapping, row, {{"A__c", std::string("ann@example.COM")}, {"B__c", std::string("x")}}));
  EXPECT_FALSE(same_match(table.mapping, row, {{"A__c", std::string("ann@example.com")}, {"B__c", std::string("y")}}));
}

TEST(Match, ABlankFieldMatchesNobody) {
  Table table;
  table.mapping.match = {"A__c", "B__c"};
  const FieldValues blank{{"A__c", std::string("a")}, {"B__c", Null{}}};
  EXPECT_TRUE(match_values(table.mapping, blank).empty());
  EXPECT_TRUE(match_values(table.mapping, {{"A__c", std::string("a")}, {"B__c", std::string("  ")}}).empty());
  EXPECT_FALSE(same_match(table.mapping, blank, blank));
}

TEST(Match, ACreateWaitsForItsLookUp) {
  Table table;
  insert(table, "a", "b");
  EXPECT_FALSE(match_to_look_up(table.record, table.mapping).empty());
  EXPECT_FALSE(table.claim("t1")) << "not looked up yet";
  on_key_free(table.turn());
  EXPECT_TRUE(match_to_look_up(table.record, table.mapping).empty());
  ASSERT_TRUE(table.claim("t1"));
  EXPECT_EQ(table.record.lane.attempts.front().kind, AttemptKind::create);
}

TEST(Match, TheRowBecomesTheRecordAndWhatDiffersMeetsThePolicy) {
  Table table;
  insert(table, "a", "b");
  table.record.row->values["N__c"] = 5.0;
  RecordRead read = read_of("A", "b", kVersion);
  read.fields["N__c"] = 7.0;
  read.fields["Ext__c"] = std::string("theirs");
  const std::vector<RecordRead> found{read};
  const auto candidates = match_candidates(table.mapping, table.record.row->values, found);
  ASSERT_EQ(candidates.size(), 1U);
  on_key_taken(table.turn(), *candidates.front());
  EXPECT_EQ(table.record.row->sfid, testing::kSfid);
  EXPECT_EQ(table.row("Ext__c"), "theirs") << "nothing is lost where one side has nothing";
  EXPECT_THAT(table.change.journal, ::testing::Contains(::testing::Field(&JournalEntry::field, "N__c")));
  EXPECT_FALSE(table.claim("t1")) << "nothing is created";
}

TEST(Match, AnotherKeyThatTheAppChoseIsAnotherRecord) {
  Table table;
  insert(table, "a", "b");
  table.record.row->values["Ext__c"] = std::string("ours");
  RecordRead read = read_of("a", "b", kVersion);
  read.fields["Ext__c"] = std::string("theirs");
  EXPECT_TRUE(match_candidates(table.mapping, table.record.row->values, std::vector{read}).empty());
  read.fields["Ext__c"] = Null{};
  EXPECT_EQ(match_candidates(table.mapping, table.record.row->values, std::vector{read}).size(), 1U);
  read.deleted = true;
  EXPECT_TRUE(match_candidates(table.mapping, table.record.row->values, std::vector{read}).empty());
}

TEST(Match, SeveralCandidatesWaitForAPerson) {
  Table table;
  insert(table, "a", "b");
  RecordRead one = read_of("a", "b", kVersion);
  RecordRead two = one;
  two.sfid = "a00000000000002AAA";
  const std::vector<RecordRead> found{one, two, one};
  const auto candidates = match_candidates(table.mapping, table.record.row->values, found);
  ASSERT_EQ(candidates.size(), 2U) << "the same record found twice is one";
  park_ambiguous_match(table.turn(), candidates);
  ASSERT_EQ(table.change.issues.size(), 1U);
  EXPECT_EQ(table.change.issues[0].code, "AMBIGUOUS_MATCH");
  EXPECT_THAT(table.change.issues[0].message, HasSubstr(two.sfid));
  on_key_free(table.turn());
  EXPECT_FALSE(table.claim("t1")) << "parked";
}

TEST(Match, ARowThatIsToldFromTheRecordIsLookedUpAnew) {
  Table table;
  insert(table, "a", "b");
  table.claim("t0");
  table.record.captured.clear();
  park_match_taken(table.turn(), read_of("a", "b", kVersion), 3);
  table.app("N__c", Value(1.0));
  EXPECT_FALSE(table.claim("t1"));
  EXPECT_FALSE(table.record.lane.parked.empty()) << "no match field";
  table.app("A__c", "another");
  EXPECT_FALSE(table.claim("t1")) << "not looked up yet";
  EXPECT_TRUE(table.record.lane.parked.empty());
  EXPECT_THAT(table.change.resolved_issues, ::testing::Contains("rejected"));
}

TEST(Match, ARecordOfAnotherRowIsNotTakenFromIt) {
  Table table;
  insert(table, "a", "b");
  park_match_taken(table.turn(), read_of("a", "b", kVersion), 3);
  EXPECT_EQ(table.change.issues.at(0).code, "DUPLICATE_ROW");
  EXPECT_THAT(table.change.issues[0].message, HasSubstr("id 3"));
  EXPECT_FALSE(table.claim("t1"));
}

}  // namespace
}  // namespace duet::rules
