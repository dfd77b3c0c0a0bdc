#include "salesforce/chunk_queue.h"

#include <thread>

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

TEST(ChunkQueue, carries_every_byte_in_order) {
  ChunkQueue queue;
  constexpr std::size_t kTotal = 40 * 1024 * 1024 + 17;
  std::thread writer([&] {
    std::string piece(300'007, 'x');
    for (std::size_t sent = 0; sent < kTotal;) {
      for (std::size_t i = 0; i < piece.size(); i += 1'000) piece[i] = static_cast<char>((sent + i) % 251);
      std::size_t part = std::min(piece.size(), kTotal - sent);
      ASSERT_TRUE(queue.write(std::string_view(piece).substr(0, part)));
      sent += part;
    }
    queue.end(std::nullopt);
  });
  std::size_t received = 0;
  for (;;) {
    auto chunk = queue.read();
    ASSERT_TRUE(chunk);
    if (chunk->empty()) break;
    EXPECT_LE(chunk->size(), ChunkQueue::kChunkBytes);
    for (std::size_t i = 0; i < chunk->size(); ++i) {
      std::size_t in_piece = (received + i) % 300'007;
      if (in_piece % 1'000 == 0) {
        ASSERT_EQ((*chunk)[i], static_cast<char>((received + i) % 251));
      }
    }
    received += chunk->size();
  }
  writer.join();
  EXPECT_EQ(received, kTotal);
}

TEST(ChunkQueue, gives_the_error_behind_the_bytes) {
  ChunkQueue queue;
  ASSERT_TRUE(queue.write("abc"));
  queue.end(Error{ErrorKind::network, "X", "broke", {}, nullptr, {}});
  EXPECT_EQ(*queue.read(), "abc");
  auto failed = queue.read();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "X");
}

TEST(ChunkQueue, bounds_what_waits_and_lets_the_writer_go_when_the_reader_leaves) {
  ChunkQueue queue;
  std::size_t written = 0;
  std::thread writer([&] {
    std::string piece(ChunkQueue::kChunkBytes, 'x');
    while (queue.write(piece)) ++written;
  });
  ASSERT_TRUE(queue.read());
  queue.leave();
  writer.join();
  EXPECT_LE(written, ChunkQueue::kMaxChunks + 1);
  EXPECT_TRUE(queue.left());
}

}  // namespace
}  // namespace duet::salesforce
