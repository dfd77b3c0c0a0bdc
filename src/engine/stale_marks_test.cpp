#include "engine/stale_marks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/load_fakes.h"

namespace duet::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kParent = "001000000000001AAA";
constexpr const char* kChild = "003000000000001AAA";

MappedField field(const std::string& name, FieldType type = FieldType::string) {
  MappedField made;
  made.schema.name = name;
  made.schema.type = type;
  made.column = to_lower(name);
  return made;
}

/// Contact.Card__c is over Account.Name and LastName; Account.Count__c is a roll-up over contacts.
class StaleMarksTest : public ::testing::Test {
 protected:
  static Connection connection() {
    Mapping account;
    account.object = "Account";
    account.fields = {field("Name"), field("Phone"), field("Count__c")};
    account.fields.back().schema.calculated = true;
    Mapping contact;
    contact.object = "Contact";
    contact.fields = {field("AccountId", FieldType::reference), field("LastName"), field("Email"), field("Card__c")};
    FieldSchema& reference = contact.fields.front().schema;
    reference.relationship_name = "Account";
    reference.reference_to = {"Account"};
    reference.cascade_delete = true;
    contact.fields.back().schema.calculated = true;
    contact.fields.back().schema.formula = "LastName & Account.Name";
    Connection made;
    made.mappings = {account, contact};
    return made;
  }

  const Mapping& account() const { return connection_.mappings[0]; }
  const Mapping& contact() const { return connection_.mappings[1]; }

  static RecordBatch::Entry entry(const std::string& sfid, const FieldValues& values = {}) {
    RecordBatch::Entry made;
    made.record.row = Row{1, sfid, values, "SYNCED"};
    made.before = made.record;
    return made;
  }

  static ChangeEvent event(EventKind kind, const FieldValues& fields) {
    ChangeEvent made;
    made.kind = kind;
    made.fields = fields;
    return made;
  }

  /// What write() marks, as `Contact.AccountId: 001…`.
  std::vector<std::string> marked() {
    db_.stale.clear();
    load_fakes::FakeTransaction transaction(db_, script_);
    EXPECT_TRUE(marks_.write(transaction, 1'000));
    EXPECT_TRUE(transaction.commit());
    std::vector<std::string> words;
    for (const ports::StaleScope& scope : db_.stale) {
      std::string text;
      for (const ports::StaleLink& link : scope.path) text += link.mapping->object + "." + link.reference + ": ";
      for (const std::string& sfid : scope.sfids) text += sfid;
      if (scope.changed) text += scope.changed->object + fmt::format(" since {}", scope.since);
      words.push_back(std::move(text));
    }
    return words;
  }

  const std::string children_ = std::string("Contact.AccountId: ") + kParent;
  const std::string child_ = std::string("Contact.: ") + kChild;
  const std::string parent_ = std::string("Account.: ") + kParent;

  const Connection connection_ = connection();
  rules::FormulaGraph graph_{connection_.mappings};
  StaleMarks marks_{graph_};
  load_fakes::Database db_;
  load_fakes::Script script_;
};

TEST_F(StaleMarksTest, AnEventOfAParentMarksChildrenOnlyForWhatTheirFormulasName) {
  RecordBatch::Entry parent = entry(kParent);
  marks_.note_event(account(), event(EventKind::update, {{"Phone", std::string("1")}}), kParent, parent);
  EXPECT_THAT(marked(), ElementsAre(parent_)) << "its own roll-up may be over anything";
  marks_.note_event(account(), event(EventKind::update, {{"Name", std::string("n")}}), kParent, parent);
  EXPECT_THAT(marked(), ElementsAre(parent_, children_));
  EXPECT_THAT(marked(), IsEmpty());
  marks_.note_event(account(), event(EventKind::create, {{"Name", std::string("n")}}), kParent, parent);
  EXPECT_THAT(marked(), ElementsAre(parent_)) << "it has no children yet";
  marks_.note_event(account(), event(EventKind::remove, {}), kParent, parent);
  EXPECT_THAT(marked(), ElementsAre(children_));
}

TEST_F(StaleMarksTest, AnEventOfAChildMarksItAndBothParents) {
  RecordBatch::Entry child = entry(kChild, {{"AccountId", std::string("001000000000002AAA")}});
  child.before.row->values["AccountId"] = std::string(kParent);
  marks_.note_event(contact(), event(EventKind::update, {{"AccountId", std::string("x")}}), kChild, child);
  EXPECT_THAT(marked(), ElementsAre(parent_ + "001000000000002AAA", child_));
  child.before = child.record = entry(kChild).record;
  marks_.note_event(contact(), event(EventKind::update, {{"Email", std::string("e")}}), kChild, child);
  EXPECT_THAT(marked(), IsEmpty()) << "no formula names it";
  marks_.note_event(contact(), event(EventKind::create, {}), kChild, child);
  EXPECT_THAT(marked(), ElementsAre(child_)) << "the event did not have the formula";
  child.record.lane.dirty = Dirty{"gap", 1, 0};
  marks_.note_event(contact(), event(EventKind::create, {}), kChild, child);
  EXPECT_THAT(marked(), IsEmpty()) << "a dirty record is read whole";
}

TEST_F(StaleMarksTest, AReadMarksWhatItMoved) {
  RecordBatch::Entry parent = entry(kParent);
  marks_.note_read(account(), parent);
  EXPECT_THAT(marked(), IsEmpty());
  parent.change.row_action = RowAction::update;
  parent.change.set = {{"Name", std::string("n")}, {"SystemModstamp", DateTime{1}}};
  marks_.note_read(account(), parent);
  EXPECT_THAT(marked(), ElementsAre(children_));
  parent.change.set = {{"Count__c", 1.0}};
  marks_.note_read(account(), parent);
  EXPECT_THAT(marked(), ElementsAre(parent_)) << "a refresh may have brought a newer one meanwhile";
  marks_.note_page(account(), parent);
  EXPECT_THAT(marked(), IsEmpty());
}

TEST_F(StaleMarksTest, AReadThatSettlesOurWriteMarksWhatWasSent) {
  RecordBatch::Entry parent = entry(kParent);
  Attempt attempt;
  attempt.fields["Name"] = {Value(std::string("n")), Null{}, {1, 2}};
  parent.before.lane.attempts.push_back(attempt);
  marks_.note_read(account(), parent);
  EXPECT_THAT(marked(), ElementsAre(children_)) << "the row had the value already";
}

TEST_F(StaleMarksTest, ALoadMarksRowsWhoseParentsChangedSinceItBegan) {
  marks_.note_loaded(contact(), connection_, 77);
  EXPECT_THAT(marked(), ElementsAre("Contact.AccountId: Account since 77"));
  marks_.note_loaded(account(), connection_, 77);
  EXPECT_THAT(marked(), IsEmpty());
}

}  // namespace
}  // namespace duet::engine
