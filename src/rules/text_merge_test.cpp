#include "rules/text_merge.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace duet::rules {
namespace {

using Merged = std::optional<std::string>;

TEST(TextMerge, ChangesOfBothSidesAreIn) {
  EXPECT_EQ(merge_text("a\nb\nc", "a\nb\nc", "a\nb\nc"), Merged("a\nb\nc"));
  EXPECT_EQ(merge_text("a\nb\nc", "x\nb\nc", "a\nb\ny"), Merged("x\nb\ny"));
  EXPECT_EQ(merge_text("a\nb\nc", "b\nc", "a\nb\nc\nd"), Merged("b\nc\nd"));
  EXPECT_EQ(merge_text("a\nb\nc\nd\ne", "a\nc\nd\ne", "a\nb\nc\nd\ne\nf"), Merged("a\nc\nd\ne\nf"));
  EXPECT_EQ(merge_text("", "a", ""), Merged("a"));
}

TEST(TextMerge, TheSameChangeTwiceIsOne) {
  EXPECT_EQ(merge_text("a\nb\nc", "a\nx\nc", "a\nx\nc"), Merged("a\nx\nc"));
  EXPECT_EQ(merge_text("a", "a\nend", "a\nend"), Merged("a\nend"));
}

TEST(TextMerge, OverlapIsNoMerge) {
  EXPECT_EQ(merge_text("a\nb\nc", "a\nx\nc", "a\ny\nc"), std::nullopt);
  EXPECT_EQ(merge_text("a", "a\nours", "a\ntheirs"), std::nullopt) << "both wrote at the end";
  EXPECT_EQ(merge_text("a\nb\nc", "a\nc", "a\nB\nc"), std::nullopt) << "removed and changed";
}

TEST(TextMerge, RepeatedLinesStayInOrder) {
  EXPECT_EQ(merge_text("x\nx\nx\nx", "x\nx\nx\nx\ny", "z\nx\nx\nx\nx"), Merged("z\nx\nx\nx\nx\ny"));
}

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i > 0 ? "\n" : "") + lines[i];
  return text;
}

/// Both sides change lines of their own half: the merge is exactly both.
TEST(TextMerge, RandomEditsOfDifferentLinesAlwaysMerge) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::string> base;
    for (unsigned i = 0; i < 4 + random() % 20; ++i)
      base.push_back(std::string(1, static_cast<char>('a' + random() % 3)));
    const std::size_t middle = base.size() / 2;
    base[middle] = "the middle";
    auto edited = [&](std::size_t from, std::size_t to, const char* word) {
      std::vector<std::string> lines;
      for (std::size_t i = 0; i < base.size(); ++i) {
        const unsigned dice = i >= from && i < to ? random() % 6 : 6;
        if (dice == 0) continue;
        if (dice == 1) lines.emplace_back(word);
        lines.push_back(dice == 2 ? word : base[i]);
      }
      return lines;
    };
    const std::vector<std::string> ours = edited(0, middle, "ours");
    const std::vector<std::string> theirs = edited(middle + 1, base.size(), "theirs");
    const auto merged = merge_text(join(base), join(ours), join(theirs));
    const auto at = std::ranges::find(ours, "the middle");
    const auto from = std::ranges::find(theirs, "the middle");
    std::vector<std::string> expected(ours.begin(), at);
    expected.insert(expected.end(), from, theirs.end());
    ASSERT_EQ(merged, Merged(join(expected))) << join(base) << "\n---\n" << join(ours) << "\n---\n" << join(theirs);
  }
}

TEST(TextMerge, LargeTextsAreBounded) {
  std::string base;
  std::string ours;
  std::string theirs;
  for (int i = 0; i < 20'000; ++i) {
    base += "line\n";
    ours += "ours " + std::to_string(i) + "\n";
    theirs += "theirs " + std::to_string(i) + "\n";
  }
  EXPECT_EQ(merge_text(base, ours, theirs), std::nullopt);
  EXPECT_EQ(merge_text(base, ours, base), Merged(ours));
}

}  // namespace
}  // namespace duet::rules
