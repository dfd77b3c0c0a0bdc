#include "base/bounded_queue.h"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace duet {
namespace {

using std::chrono::milliseconds;

TEST(BoundedQueue, KeepsOrderAndBound) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_FALSE(queue.try_push(3));
  EXPECT_EQ(queue.free_slots(), 0U);
  EXPECT_EQ(queue.pop(milliseconds(0)), 1);
  EXPECT_EQ(queue.pop(milliseconds(0)), 2);
  EXPECT_EQ(queue.pop(milliseconds(0)), std::nullopt);
}

TEST(BoundedQueue, CloseFreesAWaitingWriterAndKeepsWhatIsInside) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  ASSERT_TRUE(queue.push(std::make_unique<int>(7)));
  bool pushed = true;
  std::thread writer([&] { pushed = queue.push(std::make_unique<int>(8)); });
  queue.close();
  writer.join();
  EXPECT_FALSE(pushed);
  EXPECT_EQ(**queue.pop(milliseconds(0)), 7);
  EXPECT_FALSE(queue.pop(milliseconds(1'000)));
  queue.reset();
  EXPECT_TRUE(queue.try_push(nullptr));
}

TEST(BoundedQueue, ManyItemsCrossInOrder) {
  constexpr int kItems = 20'000;
  BoundedQueue<int> queue(16);
  std::thread writer([&] {
    for (int i = 0; i < kItems; ++i) queue.push(i);
  });
  for (int i = 0; i < kItems; ++i) ASSERT_EQ(queue.pop(milliseconds(5'000)), i);
  writer.join();
}

}  // namespace
}  // namespace duet
