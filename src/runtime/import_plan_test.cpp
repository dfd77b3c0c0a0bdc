#include "runtime/import_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/schema_org_test.h"

namespace duet::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

codec::FileMapping wanted(const std::string& object, std::initializer_list<const char*> fields) {
  codec::FileMapping mapping;
  mapping.object = object;
  mapping.path = "mappings[0]";
  for (const char* name : fields) mapping.fields.push_back({name, std::nullopt});
  return mapping;
}

class ImportPlanTest : public ::testing::Test {
 protected:
  ImportPlanTest() {
    org_.add("Account", {"Name", "Phone"});
    org_.add("Note__c", {"Name"});
    org_.events["Account"] = true;
  }
  ImportPlan plan(std::vector<codec::FileMapping> mappings, const std::vector<Mapping>& existing = {}) {
    codec::MappingFile file;
    file.mappings = std::move(mappings);
    return plan_import(org_, file, existing).value();
  }

  SchemaOrg org_;
};

TEST_F(ImportPlanTest, NamesTheSourceAndWhy) {
  const ImportPlan made = plan({wanted("account", {"Name"}), wanted("Note__c", {"Name"})});
  ASSERT_TRUE(made.possible());
  EXPECT_EQ(made.mappings[0].mapping.source, InboundSource::events);
  EXPECT_EQ(made.mappings[0].action, ImportAction::create);
  EXPECT_EQ(made.mappings[1].mapping.source, InboundSource::poll);
  EXPECT_THAT(made.mappings[1].mapping.source_reason, HasSubstr("Change Data Capture"));
}

TEST_F(ImportPlanTest, TellsAllProblemsAtOnce) {
  const ImportPlan made = plan({wanted("Acount", {"Name"}), wanted("Account", {"Nam", "Phon"})});
  EXPECT_FALSE(made.possible());
  ASSERT_EQ(made.problems.size(), 3U);
  EXPECT_THAT(made.problems[0].message, HasSubstr("did you mean Account?"));
  EXPECT_THAT(made.problems[1].message, HasSubstr("did you mean Name?"));
  EXPECT_THAT(made.problems[2].message, HasSubstr("did you mean Phone?"));
  EXPECT_TRUE(made.mappings.empty());
}

TEST_F(ImportPlanTest, ComparesWithWhatThereIs) {
  Mapping existing = plan({wanted("Account", {"Name"})}).mappings[0].mapping;
  existing.id = 7;
  EXPECT_EQ(plan({wanted("Account", {"name"})}, {existing}).mappings[0].action, ImportAction::keep);
  const ImportPlan changed = plan({wanted("Account", {"Phone"})}, {existing});
  EXPECT_EQ(changed.mappings[0].action, ImportAction::change);
  EXPECT_EQ(changed.mappings[0].mapping.id, 7);
  EXPECT_THAT(changed.mappings[0].added_fields, ElementsAre("Phone"));
  EXPECT_THAT(changed.mappings[0].removed_fields, ElementsAre("Name"));
}

TEST_F(ImportPlanTest, ADescribeThatIsForbiddenIsAProblemAndOneThatIsLostAnError) {
  org_.describe_error = Error{ErrorKind::forbidden, "INSUFFICIENT_ACCESS", "no", "", nullptr, std::nullopt};
  EXPECT_FALSE(plan({wanted("Account", {"Name"})}).possible());
  org_.describe_error->kind = ErrorKind::network;
  codec::MappingFile file;
  file.mappings = {wanted("Account", {"Name"})};
  EXPECT_EQ(plan_import(org_, file, {}).error().kind, ErrorKind::network);
}

}  // namespace
}  // namespace duet::runtime
