#include "model/schema.h"

#include <gtest/gtest.h>

namespace duet {
namespace {

TEST(FieldType, NamesGoThereAndBack) {
  for (int type = 0; type <= static_cast<int>(FieldType::any); ++type) {
    EXPECT_EQ(field_type_from_name(name_of(static_cast<FieldType>(type))), static_cast<FieldType>(type));
  }
  EXPECT_EQ(field_type_from_name("complexvalue"), FieldType::any);
  EXPECT_EQ(field_type_from_name("int"), FieldType::integer);
}

TEST(FieldType, TextKinds) {
  EXPECT_TRUE(is_text(FieldType::picklist));
  EXPECT_TRUE(is_text(FieldType::reference));
  EXPECT_FALSE(is_text(FieldType::currency));
  EXPECT_FALSE(is_text(FieldType::location));
}

TEST(ObjectSchema, FindsFieldsWhateverTheirCase) {
  ObjectSchema schema;
  schema.fields.emplace_back().name = "LastName";
  ASSERT_TRUE(schema.find("lastname"));
  EXPECT_EQ(schema.find("LASTNAME")->name, "LastName");
  EXPECT_FALSE(schema.find("LastNam"));
  EXPECT_FALSE(schema.find(""));
}

TEST(Names, LowerCaseIsAscii) {
  EXPECT_EQ(to_lower("My_Objekt__C"), "my_objekt__c");
  EXPECT_EQ(to_lower("\xC3\x84"), "\xC3\x84");
  EXPECT_TRUE(equals_ignoring_case("ID", "Id"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
}

}  // namespace
}  // namespace duet
