#include "base/error.h"

#include <set>

#include <gtest/gtest.h>

#include "base/result.h"

namespace duet {
namespace {

TEST(Error, EveryKindHasANameAndAPolicyOfItsOwn) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::bug); ++kind) {
    EXPECT_TRUE(names.insert(name_of(static_cast<ErrorKind>(kind))).second) << kind;
    if (static_cast<ErrorKind>(kind) == ErrorKind::cancelled) continue;
    EXPECT_FALSE(policy_of(static_cast<ErrorKind>(kind)).hint.empty()) << kind;
  }
  EXPECT_EQ(policy_of(ErrorKind::outcome_unknown).reaction, Reaction::reread_then_decide);
}

TEST(Error, DescribesItsCauses) {
  Error error{ErrorKind::timeout, "HTTP 504", "the org did not answer", "/query", nullptr, std::nullopt};
  error.cause = std::make_shared<const Error>(Error{ErrorKind::network, "", "reset", "", nullptr, std::nullopt});
  EXPECT_EQ(describe(error), "the org did not answer (HTTP 504): /query; because reset");
}

TEST(Error, AdviceIsTheDetailOfAMistakeAndTheHintOfABadDay) {
  Error error{ErrorKind::config, "", "wrong", "set x", nullptr, std::nullopt};
  EXPECT_EQ(advice_of(error), "set x");
  error.kind = ErrorKind::network;
  error.detail = "connection refused";
  EXPECT_EQ(advice_of(error), "check that the host can be reached (connection refused)");
  error.detail.clear();
  EXPECT_EQ(advice_of(error), "check that the host can be reached");
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorKind::bad_data, "odd");
  return number / 2;
}

Result<int> quarter(int number) { return half(DUET_TRY(half(number))); }

TEST(Result, TryPassesErrorsOn) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

}  // namespace
}  // namespace duet
