#include <set>

#include "orgsim/core/field_value.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

class GenerateTest : public OrgTest {
 protected:
  std::string all(Org& org, std::string_view object) {
    std::string text;
    EXPECT_TRUE(org.for_each_record(object, [&text](const auto& record) { text += record.dump() + "\n"; }));
    return text;
  }
};

TEST_F(GenerateTest, TheSameSeedMakesTheSameRows) {
  Org other;
  for (Org* org : {&org_, &other}) {
    ASSERT_TRUE(org->generate("Lead", {.count = 50, .seed = 7}));
  }
  EXPECT_EQ(all(org_, "Lead"), all(other, "Lead"));
  Org third;
  ASSERT_TRUE(third.generate("Lead", {.count = 50, .seed = 8}));
  EXPECT_NE(all(other, "Lead"), all(third, "Lead"));
}

TEST_F(GenerateTest, ValuesAreWhatTheOrgWouldStore) {
  ASSERT_TRUE(org_.generate("Account", {.count = 300, .seed = 1}));
  for (const char* object : {"Contact", "Opportunity", "Case", "Task", "Campaign", "Product2", "Thing__c", "Part__c"}) {
    const auto made = org_.generate(object, {.count = 300, .seed = 2});
    ASSERT_TRUE(made) << object << ": " << made.error().message;
    EXPECT_EQ(made->count, 300U);
    auto cursor = org_.query(std::string("SELECT Id FROM ") + object);
    while (cursor->next()) {
      const auto record = org_.find(object, std::get<std::string_view>(cursor->cells()[0]));
      ASSERT_TRUE(record);
      for (const FieldDef& field : record->object->fields) {
        const Value& value = record->at(field);
        EXPECT_FALSE(field.required_on_create() && is_null(value)) << object << "." << field.name;
        if (is_null(value)) continue;
        const auto stored = stored_value(field, value);
        ASSERT_TRUE(stored) << object << "." << field.name << ": " << stored.error().message;
        EXPECT_EQ(*stored, value) << object << "." << field.name;
      }
    }
  }
}

TEST_F(GenerateTest, KeysAreUniqueAcrossCallsAndRowsCanBeWritten) {
  ASSERT_TRUE(org_.generate("Thing__c", {.count = 1000, .seed = 1}));
  ASSERT_TRUE(org_.generate("Thing__c", {.count = 1000, .seed = 1}));
  auto cursor = org_.query("SELECT Key__c, Id FROM Thing__c");
  std::set<std::string> keys;
  std::string id;
  while (cursor->next()) {
    keys.emplace(std::get<std::string_view>(cursor->cells()[0]));
    id = std::get<std::string_view>(cursor->cells()[1]);
  }
  EXPECT_EQ(keys.size(), 2000U);
  EXPECT_FALSE(upsert("Thing__c", "Key__c", *keys.begin(), R"({"Note__c":"x"})").created);
  EXPECT_EQ(org_.history("Thing__c", id)->size(), 1U);
}

TEST_F(GenerateTest, EventsOnlyWhenAsked) {
  const auto position = org_.latest_replay_id();
  ASSERT_TRUE(org_.generate("Account", {.count = 450, .seed = 1}));
  EXPECT_EQ(org_.latest_replay_id(), position);
  ASSERT_TRUE(org_.generate("Account", {.count = 450, .seed = 1, .events = true}));
  const auto events = events_after(position);
  EXPECT_EQ(events.size(), 450U);
  std::set<std::string> transactions;
  for (const ChangeEvent& event : events) transactions.insert(event.transaction_key);
  EXPECT_EQ(transactions.size(), 3U) << "chunks of 200";
}

TEST_F(GenerateTest, SaysWhatItCannotMake) {
  EXPECT_EQ(org_.generate("Part__c", {.count = 1}).error().code, codes::kRequiredFieldMissing)
      << "no Thing__c to belong to";
  EXPECT_EQ(org_.generate("Nope__c", {.count = 1}).error().code, codes::kNotFound);
  EXPECT_EQ(org_.generate("Organization", {.count = 1}).error().code, codes::kInvalidType);
  EXPECT_EQ(org_.generate("Account", {.count = 1'000'000'000}).error().code, codes::kNumberOutsideRange);
  EXPECT_EQ(org_.generate("Account", {.count = 0})->count, 0U);
}

TEST_F(GenerateTest, RowsAreSmall) {
  ASSERT_TRUE(org_.generate("Account", {.count = 20'000, .seed = 1}));
  EXPECT_LT(org_.memory_bytes("Account") / 20'000, 1500U);
}

}  // namespace
}  // namespace orgsim
