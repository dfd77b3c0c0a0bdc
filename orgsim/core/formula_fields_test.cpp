#include "orgsim/core/formula_fields.h"

#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

class FormulaFields : public OrgTest {
 protected:
  FormulaFields() {
    EXPECT_EQ(define(R"({"name":"Thing__c","fields":[
      {"name":"Double__c","type":"currency","precision":18,"scale":2,"formula":"Amount__c * 2"},
      {"name":"Title__c","formula":"UPPER(Name) & \"/\" & Account__r.Name"},
      {"name":"Big__c","type":"boolean","formula":"Double__c > 100"},
      {"name":"Share__c","type":"percent","precision":5,"scale":1,"formula":"Amount__c / 1000"},
      {"name":"Due__c","type":"date","formula":"DATEVALUE(CreatedDate) + 30"}]})"),
              "");
  }
  std::string define(const std::string& definition) {
    const auto made = org_.apply_objects(nlohmann::json::parse(definition));
    return made ? "" : made.error().code + ": " + made.error().message;
  }
  std::string queried(const std::string& soql) {
    auto cursor = org_.query(soql);
    if (!cursor) return cursor.error().message;
    std::string out;
    while (cursor->next()) {
      auto record = cursor->record_json("62.0");
      record.erase("attributes");
      out += record.dump();
    }
    return out;
  }
};

TEST_F(FormulaFields, AreComputedByEveryRead) {
  const std::string account = made("Account", R"({"Name":"Acme"})");
  const std::string id = made("Thing__c", R"({"Name":"bolt","Amount__c":60.125,"Account__c":")" + account + "\"}");
  EXPECT_EQ(field("Thing__c", id, "Double__c"), Value(120.26));
  EXPECT_EQ(field("Thing__c", id, "Title__c"), Value("BOLT/Acme"));
  EXPECT_EQ(field("Thing__c", id, "Share__c"), Value(6.0)) << "a percentage is a hundredth in a formula";
  EXPECT_EQ(queried("SELECT Title__c, Big__c, Due__c FROM Thing__c WHERE Big__c = true ORDER BY Title__c"),
            R"({"Title__c":"BOLT/Acme","Big__c":true,"Due__c":"2026-01-31"})");
  EXPECT_EQ(queried("SELECT Thing__r.Title__c FROM Part__c"), "");
  EXPECT_EQ(queried("SELECT SUM(Double__c) s FROM Thing__c WHERE Title__c LIKE 'bolt%'"), R"({"s":120.26})");
  EXPECT_TRUE(org_.for_each_record("Thing__c", [](const auto& one) { EXPECT_EQ(one["Title__c"], "BOLT/Acme"); }));
}

TEST_F(FormulaFields, FollowTheParentWithoutMovingTheStampOrTelling) {
  const std::string account = made("Account", R"({"Name":"Acme"})");
  const std::string id = made("Thing__c", R"({"Name":"bolt","Account__c":")" + account + "\"}");
  const Value stamp = field("Thing__c", id, "SystemModstamp");
  org_.advance(5'000);
  const std::uint64_t before = org_.latest_replay_id();
  ASSERT_TRUE(org_.select_for_events("Account", true));
  ASSERT_TRUE(update("Account", account, R"({"Name":"Bolt & Co"})").success);
  EXPECT_EQ(field("Thing__c", id, "Title__c"), Value("BOLT/Bolt & Co"));
  EXPECT_EQ(field("Thing__c", id, "SystemModstamp"), stamp);
  for (const ChangeEvent& event : events_after(before)) EXPECT_EQ(event.entity, "Account");
}

TEST_F(FormulaFields, AreInNoEventAndCannotBeWritten) {
  const std::uint64_t before = org_.latest_replay_id();
  made("Thing__c", R"({"Name":"bolt","Amount__c":1})");
  const auto events = events_after(before);
  ASSERT_EQ(events.size(), 1U);
  for (const EventField& one : events[0].fields) EXPECT_NE(one.name, "Title__c");
  const SaveResult refused = insert("Thing__c", R"({"Title__c":"x"})");
  EXPECT_EQ(error_of(refused).substr(0, 30), "INVALID_FIELD_FOR_INSERT_UPDAT");
}

TEST_F(FormulaFields, ATransactionSeesItsOwnValues) {
  const std::string id = made("Thing__c", R"({"Name":"bolt","Amount__c":1})");
  Transaction transaction = org_.begin(writer_);
  ASSERT_TRUE(transaction.update("Thing__c", id, record(R"({"Amount__c":7})")).success);
  EXPECT_EQ(transaction.find("Thing__c", id)->get("Double__c"), Value(14.0));
  EXPECT_EQ(field("Thing__c", id, "Double__c"), Value(2.0));
}

TEST_F(FormulaFields, BlankNumbersAreZeroWhenAskedFor) {
  ASSERT_EQ(define(R"({"name":"Thing__c","fields":[{"name":"Zero__c","type":"double","scale":0,
    "formula":"Amount__c + 1","formulaTreatNullNumberAsZero":true}]})"),
            "");
  const std::string id = made("Thing__c", R"({"Name":"bolt"})");
  EXPECT_EQ(field("Thing__c", id, "Zero__c"), Value(1.0));
  EXPECT_EQ(field("Thing__c", id, "Double__c"), Value());
}

TEST_F(FormulaFields, WrongOnesAreRefusedAndChangeNothing) {
  const auto formula = [this](const std::string& name, const std::string& type, const std::string& text) {
    return define(R"({"name":"Thing__c","fields":[{"name":")" + name + R"(","type":")" + type +
                  R"(","scale":0,"formula":")" + text + "\"}]}");
  };
  EXPECT_EQ(formula("New__c", "double", "Nope__c"),
            "FIELD_INTEGRITY_EXCEPTION: Field Nope__c does not exist. Check spelling.");
  EXPECT_EQ(formula("New__c", "double", "Account__r.Nope__c"),
            "FIELD_INTEGRITY_EXCEPTION: Field Account__r.Nope__c does not exist. Check spelling.");
  EXPECT_EQ(formula("New__c", "double", "Name"),
            "FIELD_INTEGRITY_EXCEPTION: Formula result is data type (Text), incompatible with expected data type "
            "(Number).");
  EXPECT_TRUE(formula("Amount__c", "currency", "1").starts_with("FIELD_INTEGRITY_EXCEPTION")) << "a stored field stays";
  EXPECT_EQ(formula("Double__c", "currency", "IF(Big__c, 1, 2)"),
            "FIELD_INTEGRITY_EXCEPTION: Formula contains a circular reference: Double__c");
  EXPECT_EQ(
      define(
          R"({"name":"Account","fields":[{"name":"Up__c","type":"double","scale":0,"formula":"Parent.Up__c + 1"}]})"),
      "FIELD_INTEGRITY_EXCEPTION: Formula contains a circular reference: Up__c");
  EXPECT_EQ(define(R"({"name":"Thing__c","fields":[{"name":"Amount__c","remove":true}]})"),
            "FIELD_INTEGRITY_EXCEPTION: Field Amount__c does not exist. Check spelling.")
      << "a field that a formula needs stays";
  EXPECT_EQ(org_.schema().object("Thing__c")->field("New__c"), nullptr);
}

TEST_F(FormulaFields, GrowthThroughOtherFormulasIsBounded) {
  std::string before = "Amount__c";
  std::string answer;
  for (int level = 0; level < 9 && answer.empty(); ++level) {
    const std::string name = "Level" + std::to_string(level) + "__c";
    std::string text = before;
    for (int i = 0; i < 9; ++i) text += "+" + before;
    answer = define(R"({"name":"Thing__c","fields":[{"name":")" + name + R"(","type":"double","formula":")" + text +
                    "\"}]}");
    before = name;
  }
  EXPECT_TRUE(answer.starts_with("FIELD_INTEGRITY_EXCEPTION: Compiled formula is too big")) << answer;
}

}  // namespace
}  // namespace orgsim
