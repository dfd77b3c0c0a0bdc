#include "runtime/record_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace duet::runtime {
namespace {

using nlohmann::json;

postgres::StoredIssue conflict() {
  postgres::StoredIssue stored;
  stored.id = 12;
  stored.issue.kind = "conflict";
  stored.issue.state = "decided";
  stored.issue.message = "both sides changed Phone";
  stored.issue.rule = "newest";
  stored.issue.fields = {{"Phone", Absent{}, std::string("1"), Null{}, "salesforce"},
                         {"Birthdate", Date{0}, Date{1}, Date{2}, ""}};
  stored.object = "Contact";
  stored.record_id = 3;
  stored.created_at = 1'000;
  return stored;
}

TEST(RecordJson, AnIssueHasTheKeysOfTheDesign) {
  const json issue = json::parse(issue_to_json(conflict()));
  for (const char* key : {"id", "kind", "state", "object", "table", "record_id", "sfid", "external_id", "message",
                          "code", "rule", "created_at", "fields"}) {
    EXPECT_TRUE(issue.contains(key)) << key;
  }
  EXPECT_EQ(issue["created_at"], "1970-01-01T00:00:01.000Z");
  const json& phone = issue["fields"][0];
  EXPECT_FALSE(phone.contains("base"));
  EXPECT_TRUE(phone["postgres"].is_null());
  EXPECT_EQ(issue["fields"][1]["salesforce"], "1970-01-02");
  EXPECT_TRUE(issue["fields"][1]["chosen"].is_null());
}

TEST(RecordJson, PagesSayWhereTheNextBegins) {
  EXPECT_EQ(json::parse(issues_to_json({conflict()}, 1))["next"], 12);
  EXPECT_TRUE(json::parse(issues_to_json({conflict()}, 2))["next"].is_null());
  EXPECT_TRUE(json::parse(issues_to_json({}, 1))["next"].is_null());
}

TEST(RecordJson, JournalEntriesKeepTheWholeRow) {
  postgres::StoredJournalEntry entry;
  entry.id = 1;
  entry.row_before = R"({"id":3,"name":"x"})";
  entry.lost = 1.5;
  const json page = json::parse(journal_to_json({entry}, 10));
  EXPECT_EQ(page["entries"][0]["row_before"]["id"], 3);
  EXPECT_EQ(page["entries"][0]["lost"], 1.5);
  EXPECT_TRUE(page["entries"][0]["field"].is_null());
}

TEST(RecordJson, ValuesForPeople) {
  EXPECT_EQ(value_for_people(Absent{}), "-");
  EXPECT_EQ(value_for_people(Null{}), "null");
  EXPECT_EQ(value_for_people(true), "true");
  EXPECT_EQ(value_for_people(std::int64_t{7}), "7");
  EXPECT_EQ(value_for_people(std::string("x")), "x");
}

}  // namespace
}  // namespace duet::runtime
