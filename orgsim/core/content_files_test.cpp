#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

class ContentFilesTest : public OrgTest {};

TEST_F(ContentFilesTest, AVersionMakesItsDocumentAndTheNextOneIsTheLatest) {
  const std::string first =
      made("ContentVersion", R"({"PathOnClient":"/home/me/plan.v1.pdf","VersionData":"aGVsbG8="})");
  EXPECT_EQ(field("ContentVersion", first, "Title"), Value("plan.v1"));
  EXPECT_EQ(field("ContentVersion", first, "FileType"), Value("PDF"));
  EXPECT_EQ(field("ContentVersion", first, "VersionNumber"), Value("1"));
  const auto document = std::get<std::string>(field("ContentVersion", first, "ContentDocumentId"));
  EXPECT_EQ(field("ContentDocument", document, "LatestPublishedVersionId"), Value(first));
  EXPECT_EQ(field("ContentDocument", document, "ContentSize"), Value(std::int64_t{5}));

  const std::string second = made("ContentVersion", R"({"Title":"Plan","PathOnClient":"plan","ContentDocumentId":")" +
                                                        document + R"(","VersionData":"aGk="})");
  EXPECT_EQ(field("ContentVersion", first, "IsLatest"), Value(false));
  EXPECT_EQ(field("ContentVersion", second, "IsLatest"), Value(true));
  EXPECT_EQ(field("ContentVersion", second, "VersionNumber"), Value("2"));
  EXPECT_EQ(field("ContentDocument", document, "LatestPublishedVersionId"), Value(second));
  EXPECT_EQ(field("ContentDocument", document, "Title"), Value("Plan"));
  EXPECT_EQ(field("ContentDocument", document, "FileType"), Value("UNKNOWN"));
  EXPECT_EQ(org_.record_count("ContentDocument"), 1U);

  EXPECT_TRUE(remove("ContentDocument", document).success);
  EXPECT_EQ(org_.record_count("ContentVersion"), 0U);
}

TEST_F(ContentFilesTest, AFileWithoutANameOrWithAWrongDocumentLeavesNothing) {
  EXPECT_EQ(error_of(insert("ContentVersion", R"({"VersionData":"aGk="})")),
            "REQUIRED_FIELD_MISSING: Required fields are missing: [Title]");
  EXPECT_FALSE(insert("ContentVersion", R"({"Title":"x","ContentDocumentId":"069000000000001AAA"})").success);
  EXPECT_EQ(org_.record_count("ContentDocument"), 0U);
  EXPECT_EQ(org_.record_count("ContentVersion"), 0U);
}

}  // namespace
}  // namespace orgsim
