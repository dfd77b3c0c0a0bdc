#include "codec/column_type.h"

#include <gtest/gtest.h>

namespace duet::codec {
namespace {

std::string column_of(FieldType type, int length = 0) {
  FieldSchema field;
  field.type = type;
  field.length = length;
  return sql_name(column_type(field));
}

TEST(ColumnType, IsHerokuConnects) {
  EXPECT_EQ(column_of(FieldType::id, 18), "varchar(18)");
  EXPECT_EQ(column_of(FieldType::reference), "varchar(18)");
  EXPECT_EQ(column_of(FieldType::string, 80), "varchar(80)");
  EXPECT_EQ(column_of(FieldType::multipicklist, 4099), "varchar(4099)");
  EXPECT_EQ(column_of(FieldType::textarea, 255), "varchar(255)");
  EXPECT_EQ(column_of(FieldType::textarea, 5000), "varchar(5000)");
  EXPECT_EQ(column_of(FieldType::textarea, 32000), "text");
  EXPECT_EQ(column_of(FieldType::integer), "integer");
  EXPECT_EQ(column_of(FieldType::percent), "double precision");
  EXPECT_EQ(column_of(FieldType::datetime), "timestamp without time zone");
  EXPECT_EQ(column_of(FieldType::date), "date");
  EXPECT_EQ(column_of(FieldType::time), "time without time zone");
  EXPECT_EQ(column_of(FieldType::boolean), "boolean");
  EXPECT_EQ(column_of(FieldType::any), "text");
}

TEST(ColumnType, GivesTextWithoutALengthTheTypeText) { EXPECT_EQ(column_of(FieldType::string, 0), "text"); }

}  // namespace
}  // namespace duet::codec
