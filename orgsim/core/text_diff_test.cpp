#include "orgsim/core/text_diff.h"

#include <gtest/gtest.h>

namespace orgsim {
namespace {

TEST(UnifiedDiff, ShowsTheChangedLinesWithTheirNeighbours) {
  EXPECT_EQ(unified_diff("a\nb\nc\nd\ne\nf\ng\nh\ni", "a\nb\nc\nd\nE\nE2\nf\ng\nh\ni"),
            "--- \n+++ \n@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n+E2\n f\n g\n h");
}

TEST(UnifiedDiff, AtTheEdges) {
  EXPECT_EQ(unified_diff("a", "b"), "--- \n+++ \n@@ -1,1 +1,1 @@\n-a\n+b");
  EXPECT_EQ(unified_diff("a\nb", "a\nb\nc"), "--- \n+++ \n@@ -1,2 +1,3 @@\n a\n b\n+c");
  EXPECT_EQ(unified_diff("a\na", "a"), "--- \n+++ \n@@ -1,2 +1,1 @@\n a\n-a");
}

}  // namespace
}  // namespace orgsim
