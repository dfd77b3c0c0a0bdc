#include "orgsim/server/record_json_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "orgsim/core/org.h"

namespace orgsim {
namespace {

using nlohmann::json;
using namespace std::string_view_literals;

std::string value(FieldType type, const CellView& cell) {
  std::string out;
  append_json_value(type, cell, out);
  return out;
}

TEST(RecordJsonWriter, ValuesAreRests) {
  EXPECT_EQ(value(FieldType::string, std::monostate{}), "null");
  EXPECT_EQ(value(FieldType::boolean, false), "false");
  EXPECT_EQ(value(FieldType::double_, 3.0), "3.0");
  EXPECT_EQ(value(FieldType::int_, std::int64_t{-3}), "-3");
  EXPECT_EQ(value(FieldType::datetime, std::int64_t{1697955912000}), "\"2023-10-22T06:25:12.000+0000\"");
  EXPECT_EQ(value(FieldType::date, std::int64_t{0}), "\"1970-01-01\"");
  EXPECT_EQ(value(FieldType::time, std::int64_t{1000}), "\"00:00:01.000Z\"");
  const std::string_view odd = "q\"b\\n\n\t\x01 \xc3\xa9\0z"sv;
  EXPECT_EQ(json::parse(value(FieldType::string, odd)).get<std::string>(), odd);
}

TEST(RecordJsonWriter, TheDirectTextEqualsTheCores) {
  Org org;
  ASSERT_TRUE(org.generate("Account", {.count = 200, .seed = 5}));
  ASSERT_TRUE(org.generate("Contact", {.count = 200, .seed = 5}));
  for (const char* soql :
       {"SELECT Id, Name, AnnualRevenue, NumberOfEmployees, CreatedDate, IsDeleted, Website FROM Account",
        "SELECT Name FROM Account", "SELECT Id, BillingAddress FROM Account",
        "SELECT Id, LastName, Birthdate, Account.Name FROM Contact"}) {
    auto cursor = org.query(soql);
    ASSERT_TRUE(cursor) << soql << cursor.error().message;
    const RecordJsonWriter writer(*cursor, "62.0");
    while (cursor->next()) {
      std::string text;
      writer.append(*cursor, text);
      EXPECT_EQ(json::parse(text), json(cursor->record_json("62.0"))) << soql;
    }
  }
}

TEST(RecordJsonWriter, WithoutAVersionThereAreNoAttributes) {
  Org org;
  ASSERT_TRUE(org.generate("Account", {.count = 1, .seed = 5}));
  auto cursor = org.query("SELECT BillingAddress, Name, BillingCity FROM Account");
  ASSERT_TRUE(cursor && cursor->next());
  std::string text;
  RecordJsonWriter(*cursor, "").append(*cursor, text);
  const json record = json::parse(text);
  EXPECT_FALSE(record.contains("attributes"));
  EXPECT_FALSE(record.contains("BillingAddress"));
  EXPECT_TRUE(record.contains("BillingCity"));
}

}  // namespace
}  // namespace orgsim
