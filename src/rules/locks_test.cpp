#include "rules/locks.h"

#include <gtest/gtest.h>

#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

constexpr const char* kFirst = "0015e00000AAAAAAAA";
constexpr const char* kSecond = "0015e00000BBBBBAAA";

Mapping mapping_of(const std::string& object, const std::string& field, bool master = false) {
  Mapping mapping = testing::thing_mapping(ConflictPolicy::newest);
  mapping.object = object;
  MappedField reference;
  reference.schema.name = field;
  reference.schema.type = FieldType::reference;
  reference.schema.cascade_delete = master;
  mapping.fields.push_back(reference);
  return mapping;
}

std::vector<std::string> locked(const Mapping& mapping, const Attempt& attempt, const std::string& field,
                                const LearntLocks& learnt = {}) {
  return locked_parents(mapping, attempt, references_of(mapping, attempt, {{field, std::string(kFirst)}}), learnt);
}

TEST(Locks, AContactLocksItsAccountWhenItComesMovesOrGoes) {
  const Mapping contact = mapping_of("Contact", "AccountId");
  Attempt attempt;
  attempt.kind = AttemptKind::create;
  EXPECT_EQ(locked(contact, attempt, "AccountId"), (std::vector<std::string>{kFirst}));
  attempt.kind = AttemptKind::update;
  EXPECT_TRUE(locked(contact, attempt, "AccountId").empty()) << "a plain update leaves the account alone";
  attempt.fields["AccountId"] = SentField{std::string(kFirst), std::string(kSecond), {}};
  EXPECT_EQ(locked(contact, attempt, "AccountId"), (std::vector<std::string>{kFirst, kSecond}));
  Attempt removal;
  removal.kind = AttemptKind::remove;
  removal.removal = PendingDelete{1, {{"AccountId", std::string(kSecond)}}, {}};
  EXPECT_EQ(locked_parents(contact, removal, references_of(contact, removal, {}), {}),
            (std::vector<std::string>{kSecond}));
}

TEST(Locks, AMasterIsLockedByEveryWrite) {
  const Attempt update;
  EXPECT_EQ(locked(mapping_of("Line__c", "Order__c", true), update, "Order__c"), (std::vector<std::string>{kFirst}));
  EXPECT_TRUE(locked(mapping_of("Line__c", "Order__c"), update, "Order__c").empty()) << "a lookup that stays is not";
}

TEST(Locks, AnErrorThatNamesARecordTeachesWhichReferenceLocks) {
  const Mapping account = mapping_of("Account", "OwnerId");
  const Attempt update;
  LearntLocks learnt;
  const auto references = references_of(account, update, {{"OwnerId", std::string(kFirst)}});
  EXPECT_FALSE(learnt.learn(account, references, "unable to obtain exclusive access to this record"));
  EXPECT_TRUE(locked(account, update, "OwnerId", learnt).empty());
  EXPECT_TRUE(learnt.learn(account, references,
                           "unable to obtain exclusive access to this record or 1 records: 0015e00000AAAAA"));
  EXPECT_EQ(locked(account, update, "OwnerId", learnt), (std::vector<std::string>{kFirst}));
}

}  // namespace
}  // namespace duet::rules
