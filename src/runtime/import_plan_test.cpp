#include "runtime/import_plan.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duet::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// An org of which only the schema is asked for.
class SchemaOrg final : public ports::Org {
 public:
  std::map<std::string, ObjectSchema> objects;
  std::map<std::string, bool> events;
  std::optional<Error> describe_error;

  Result<std::vector<ports::ObjectSummary>> list_objects() override {
    std::vector<ports::ObjectSummary> list;
    for (const auto& [name, schema] : objects) list.emplace_back().name = name;
    return list;
  }
  Result<ObjectSchema> describe(const std::string& object) override {
    if (describe_error) return std::unexpected(*describe_error);
    return objects.at(object);
  }
  Result<bool> has_change_events(const std::string& object) override { return events[object]; }

  Result<ports::OrgIdentity> identity() override { return unused(); }
  ports::ClockOffset clock_offset() override { return {}; }
  std::optional<ports::ApiUsage> api_usage() override { return std::nullopt; }
  std::vector<ports::SendOutcome> send(const Mapping&, const ports::SendBatch&) override { return {}; }
  Result<std::vector<RecordRead>> read(const Mapping&, std::span<const std::string>) override { return unused(); }
  Result<std::vector<RecordRead>> read_by_key(const Mapping&, std::span<const std::string>) override {
    return unused();
  }
  Result<ports::ReadPage> changed(const Mapping&, TimeMs, TimeMs, const std::string&) override { return unused(); }
  Result<ports::DeletedPage> deleted(const Mapping&, TimeMs, TimeMs) override { return unused(); }
  Result<long> count(const Mapping&) override { return unused(); }
  Result<std::unique_ptr<ports::BulkReader>> bulk_query(const Mapping&) override { return unused(); }

 private:
  static std::unexpected<Error> unused() { return fail(ErrorKind::bug, "not expected here"); }
};

ObjectSchema schema_of(const std::string& object, std::initializer_list<const char*> fields) {
  ObjectSchema schema;
  schema.name = object;
  schema.queryable = true;
  for (const char* name : fields) schema.fields.emplace_back().name = name;
  schema.fields.front().type = FieldType::id;
  return schema;
}

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
    org_.objects["Account"] = schema_of("Account", {"Id", "SystemModstamp", "Name", "Phone"});
    org_.objects["Note__c"] = schema_of("Note__c", {"Id", "SystemModstamp", "Name"});
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
