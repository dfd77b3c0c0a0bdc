#include "runtime/secrets.h"

#include <gtest/gtest.h>

#include "runtime/login_limiter.h"

namespace duet::runtime {
namespace {

TEST(Secrets, AreLongAndNeverTheSame) {
  EXPECT_EQ(random_secret().size(), 64U);
  EXPECT_NE(random_secret(), random_secret());
}

TEST(Secrets, KnownDigests) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Secrets, EqualOnlyWhenEqual) {
  EXPECT_TRUE(equal_secrets("a", "a"));
  EXPECT_FALSE(equal_secrets("a", "b"));
  EXPECT_FALSE(equal_secrets("a", "aa"));
}

TEST(Passwords, AreHashedWithASalt) {
  const std::string hash = hash_password("correct horse");
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << hash;
  EXPECT_NE(hash, hash_password("correct horse"));
  EXPECT_TRUE(verify_password(hash, "correct horse"));
  EXPECT_FALSE(verify_password(hash, "correct horse "));
  EXPECT_FALSE(verify_password("", "correct horse"));
  EXPECT_FALSE(verify_password("not a hash", "correct horse"));
}

TEST(LoginLimiter, SlowsDownAfterFiveFailures) {
  LoginLimiter limiter;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(limiter.wait("ann", 1'000), 0);
    limiter.failed("ann", 1'000);
  }
  EXPECT_EQ(limiter.wait("ann", 1'000), 2'000);
  EXPECT_EQ(limiter.wait("ann", 3'000), 0);
  EXPECT_EQ(limiter.wait("bob", 1'000), 0);
  limiter.failed("ann", 2'000);
  EXPECT_EQ(limiter.wait("ann", 2'000), 4'000);
  for (int i = 0; i < 50; ++i) limiter.failed("ann", 2'000);
  EXPECT_LT(limiter.wait("ann", 2'000), 20 * 60'000);
  limiter.succeeded("ann");
  EXPECT_EQ(limiter.wait("ann", 2'000), 0);
}

TEST(LoginLimiter, ForgetsAndIsBounded) {
  LoginLimiter limiter;
  for (int i = 0; i < 5; ++i) limiter.failed("ann", 0);
  EXPECT_EQ(limiter.wait("ann", 3'700'000), 0);
  for (int i = 0; i < 30'000; ++i) limiter.failed("address " + std::to_string(i), 10);
  for (int i = 0; i < 6; ++i) limiter.failed("bob", 20);
  EXPECT_GT(limiter.wait("bob", 20), 0);
}

}  // namespace
}  // namespace duet::runtime
