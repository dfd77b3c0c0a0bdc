#include "postgres/access_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/audit_store.h"
#include "postgres/migrations.h"
#include "postgres/store_fixture_test.h"

namespace duet::postgres {
namespace {

class AccessStoreTest : public ::testing::Test {
 protected:
  AccessStoreTest() { StoreDatabase::must(migrate(*session_)); }

  std::string url_ = test::shared_cluster().clean_database();
  std::unique_ptr<Session> session_ = Session::connect(url_, SessionRole::admin).value();
  AccessStore store_{*session_};
};

TEST_F(AccessStoreTest, TheLastAdminStays) {
  EXPECT_TRUE(store_.add_user("ann", "admin", "h").value());
  EXPECT_FALSE(store_.add_user("ann", "viewer", "h").value());
  EXPECT_FALSE(store_.change_user("ann", {.role = "viewer"}).value());
  EXPECT_FALSE(store_.change_user("ann", {.disabled = true}).value());
  EXPECT_FALSE(store_.remove_user("ann").value());
  EXPECT_TRUE(store_.add_user("bob", "admin", "h").value());
  EXPECT_TRUE(store_.change_user("ann", {.role = "viewer"}).value());
  EXPECT_FALSE(store_.remove_user("bob").value());
  EXPECT_TRUE(store_.remove_user("ann").value());
  EXPECT_FALSE(store_.remove_user("nobody").value());
  EXPECT_EQ(store_.users().value().size(), 1U);
}

TEST_F(AccessStoreTest, AChangeOfTheUserEndsItsSessions) {
  EXPECT_TRUE(store_.add_user("ann", "admin", "h").value());
  EXPECT_TRUE(store_.add_user("bob", "operator", "h").value());
  StoreDatabase::must(store_.add_session("0a", "bob", "csrf"));
  StoreDatabase::must(store_.add_session("0b", "ann", "other"));
  EXPECT_EQ(store_.find_session("0a").value()->csrf, "csrf");
  EXPECT_GT(store_.find_user("bob").value()->last_login_at, 0);
  EXPECT_TRUE(store_.change_user("bob", {.role = "viewer"}).value());
  EXPECT_FALSE(store_.find_session("0a").value());
  EXPECT_TRUE(store_.find_session("0b").value());
  StoreDatabase::must(store_.purge_sessions(1'000'000, -1));
  EXPECT_FALSE(store_.find_session("0b").value());
}

TEST_F(AccessStoreTest, TokensExpire) {
  const StoredToken kept = store_.add_token("ci", "viewer", "aa", "ann", 0).value();
  const StoredToken old = store_.add_token("old", "viewer", "bb", "ann", 1).value();
  EXPECT_EQ(old.expires_at, 1);
  EXPECT_EQ(store_.find_token("aa").value()->id, kept.id);
  EXPECT_FALSE(store_.find_token("bb").value());
  EXPECT_TRUE(store_.remove_token(kept.id).value());
  EXPECT_FALSE(store_.remove_token(kept.id).value());
  EXPECT_FALSE(store_.find_token("aa").value());
  EXPECT_EQ(store_.tokens().value().size(), 1U);
}

TEST_F(AccessStoreTest, TheAuditLogShowsWhatWasDoneToIt) {
  for (const char* action : {"user.add", "issue.retry", "issue.bulk"}) {
    const Statement statement = audit_statement({.actor = "ann", .via = "cli", .action = action, .outcome = "ok"});
    ASSERT_TRUE(session_->query(statement.sql, statement.params));
  }
  const auto entries = list_audit(*session_, {.action = "issue."}).value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].id, 3);
  EXPECT_EQ(entries[0].entry.detail, "{}");
  EXPECT_FALSE(find_broken_audit(*session_).value());
  EXPECT_FALSE(session_->query("UPDATE duet.audit SET actor = 'bob'"));
  EXPECT_FALSE(session_->query("DELETE FROM duet.audit"));
  EXPECT_FALSE(session_->execute("TRUNCATE duet.audit"));
  // Who owns the table can take the trigger away; the hashes tell.
  StoreDatabase::must(session_->execute("ALTER TABLE duet.audit DISABLE TRIGGER chain_audit"));
  StoreDatabase::must(session_->execute("UPDATE duet.audit SET actor = 'bob' WHERE id = 2"));
  EXPECT_EQ(find_broken_audit(*session_).value(), 2);
  StoreDatabase::must(session_->execute("UPDATE duet.audit SET actor = 'ann' WHERE id = 2"));
  EXPECT_FALSE(find_broken_audit(*session_).value());
  StoreDatabase::must(session_->execute("DELETE FROM duet.audit WHERE id = 2"));
  EXPECT_EQ(find_broken_audit(*session_).value(), 3);
}

}  // namespace
}  // namespace duet::postgres
