#include "api/feed.h"

#include <atomic>

#include <gtest/gtest.h>

namespace duet::api {
namespace {

/// Waits for the next text that is not empty.
std::string next(TextSource& source) {
  for (int i = 0; i < 100; ++i) {
    const auto text = source.next(100);
    if (!text) return "ended";
    if (!text->empty()) return *text;
  }
  return "nothing";
}

TEST(Feed, LooksOnlyWhileSomebodyListensAndTellsEverybody) {
  std::atomic<int> looks = 0;
  Feed feed([&] { return std::vector<std::string>{sse_event("tick", std::to_string(++looks))}; });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(looks, 0);
  auto first = feed.listen({"hello "}).value();
  auto second = feed.listen({}).value();
  EXPECT_TRUE(next(*first).starts_with("hello "));
  EXPECT_TRUE(next(*second).starts_with("event: tick\ndata: "));
  first.reset();
  second.reset();
}

TEST(Feed, HasRoomForSomeAndDropsWhoDoesNotKeepUp) {
  Feed feed([] { return std::vector<std::string>(600, "x"); });
  std::vector<std::shared_ptr<TextSource>> all;
  while (auto source = feed.listen({})) all.push_back(*source);
  EXPECT_EQ(all.size(), 16U);
  all.pop_back();
  EXPECT_TRUE(feed.listen({}));
  std::this_thread::sleep_for(std::chrono::milliseconds(1'300));
  EXPECT_EQ(next(*all.front()), "ended");
}

}  // namespace
}  // namespace duet::api
