#include "cli/output.h"

#include <gtest/gtest.h>

namespace duet::cli {
namespace {

TEST(TextTable, AlignsByCharactersAndKeepsTheTerminalSafe) {
  TextTable table({"OBJECT", "ROWS"});
  EXPECT_TRUE(table.empty());
  table.add({"Kontö", "1"});
  table.add({"A\x1b[31m", "22"});
  EXPECT_EQ(table.text(), "OBJECT  ROWS\nKontö   1\nA?[31m  22\n");
}

TEST(Output, Numbers) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(999), "999");
  EXPECT_EQ(number_text(1'000), "1,000");
  EXPECT_EQ(number_text(-1'234'567), "-1,234,567");
  EXPECT_EQ(duration_text(250), "250 ms");
  EXPECT_EQ(duration_text(1'500), "1.5 s");
  EXPECT_EQ(duration_text(180'000), "3 min");
}

TEST(Output, ExitCodes) {
  Error error;
  error.kind = ErrorKind::store_down;
  EXPECT_EQ(exit_code_of(error), kUnreachable);
  error.kind = ErrorKind::config;
  EXPECT_EQ(exit_code_of(error), kUsage);
}

}  // namespace
}  // namespace duet::cli
