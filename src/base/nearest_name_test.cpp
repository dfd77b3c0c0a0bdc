#include "base/nearest_name.h"

#include <vector>

#include <gtest/gtest.h>

namespace duet {
namespace {

TEST(NearestName, FindsWhatWasMeant) {
  const std::vector<std::string> names = {"Account", "Contact", "Opportunity", "AccountTeamMember"};
  EXPECT_EQ(nearest_name("Acount", names), "Account");
  EXPECT_EQ(nearest_name("oportunity", names), "Opportunity");
  EXPECT_EQ(nearest_name("CONTACT", names), "Contact");
  EXPECT_EQ(suggestion("Contct", names), " – did you mean Contact?");
}

TEST(NearestName, StaysSilentWhenNothingIsClose) {
  const std::vector<std::string> names = {"Account"};
  EXPECT_EQ(nearest_name("Zebra__c", names), "");
  EXPECT_EQ(nearest_name(std::string(500, 'A'), names), "");
  EXPECT_EQ(suggestion("x", {}), "");
}

}  // namespace
}  // namespace duet
