#include "orgsim/core/history.h"

#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using HistoryTest = OrgTest;

const FieldChange* find_change(const RecordVersion& version, std::string_view name) {
  for (const FieldChange& change : version.fields) {
    if (change.field == name) return &change;
  }
  return nullptr;
}

TEST_F(HistoryTest, EveryCommittedVersionInOrder) {
  writer_.client = "duet";
  const std::string id = made("Account", R"({"Name":"A","Phone":"1"})");
  org_.advance(2000);
  writer_.user_id = org_.other_user_id();
  EXPECT_TRUE(update("Account", id, R"({"Name":"B","Phone":null})").success);
  EXPECT_TRUE(remove("Account", id).success);
  const auto history = org_.history("Account", id);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->size(), 3U);
  const RecordVersion& created = history->at(0);
  EXPECT_EQ(created.type, ChangeType::create);
  EXPECT_EQ(created.client, "duet");
  EXPECT_EQ(find_change(created, "Name")->after, Value("A"));
  EXPECT_EQ(find_change(created, "Name")->before, Value());
  const RecordVersion& updated = history->at(1);
  EXPECT_EQ(updated.user_id, org_.other_user_id());
  EXPECT_GT(updated.commit_number, created.commit_number);
  EXPECT_EQ(find_change(updated, "Name")->before, Value("A"));
  EXPECT_EQ(find_change(updated, "Name")->after, Value("B"));
  EXPECT_EQ(find_change(updated, "Phone")->after, Value());
  EXPECT_EQ(find_change(updated, "SystemModstamp")->after, Value(org_.now()));
  EXPECT_EQ(find_change(updated, "Fax"), nullptr);
  EXPECT_EQ(history->at(2).type, ChangeType::remove);
  EXPECT_EQ(find_change(history->at(2), "IsDeleted")->after, Value(true));
  const auto json = to_json(updated);
  EXPECT_EQ(json["fields"]["Name"]["old"], "A");
  EXPECT_EQ(json["fields"]["SystemModstamp"]["new"], "2026-01-01T00:00:02.000+0000");
  EXPECT_EQ(json["changeType"], "UPDATE");
  EXPECT_FALSE(org_.history("Account", "001000000000000"));
}

TEST_F(HistoryTest, AgreesWithTheRecordAfterManyChanges) {
  const std::string id = made("Account", R"({"Name":"0"})");
  for (int i = 1; i <= 300; ++i) {
    org_.advance(700);
    EXPECT_TRUE(update("Account", id,
                       R"({"Name":")" + std::to_string(i) + R"(","Phone":)" + (i % 3 == 0 ? "null" : "\"1\"") + "}")
                    .success);
  }
  std::map<std::string, Value> replayed;
  const auto history = org_.history("Account", id);
  EXPECT_EQ(history->size(), 301U);
  for (const RecordVersion& version : *history) {
    for (const FieldChange& change : version.fields) {
      EXPECT_EQ(replayed[change.field], change.before);
      replayed[change.field] = change.after;
    }
  }
  for (const auto& [name, value] : replayed) EXPECT_EQ(field("Account", id, name), value) << name;
}

}  // namespace
}  // namespace orgsim
