#include "postgres/sql_files.h"

#include <gtest/gtest.h>

namespace duet::postgres {
namespace {

TEST(SqlFiles, AreSortedAndFound) {
  const auto files = embedded_sql_files();
  ASSERT_FALSE(files.empty());
  for (std::size_t i = 1; i < files.size(); ++i) EXPECT_LT(files[i - 1].path, files[i].path);
  EXPECT_NE(sql_file("synced/tables.sql").find("_trigger_log"), std::string_view::npos);
}

TEST(SqlFiles, RenderReplacesEveryKindOfPlaceholder) {
  EXPECT_EQ(render_sql(R"(SELECT :number::text, :'word', a := 1 FROM :"table" -- note: kept)",
                       {{"number", "7"}, {"'word'", "'it''s'"}, {"\"table\"", "\"user\""}}),
            R"(SELECT 7::text, 'it''s', a := 1 FROM "user" -- note: kept)");
}

TEST(SqlFilesDeathTest, AMissingTextAborts) {
  EXPECT_DEATH(render_sql("SELECT :x", {}), "no text for the SQL placeholder");
}

}  // namespace
}  // namespace duet::postgres
