#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duet::salesforce {

/// Bytes from one thread to another in chunks of 1 MiB, at most 16 of them at a time. One writer, one reader.
class ChunkQueue {
 public:
  static constexpr std::size_t kChunkBytes = 1024 * 1024;
  static constexpr std::size_t kMaxChunks = 16;

  /// Waits while all chunks are full. False when the reader has gone.
  bool write(std::string_view bytes);
  /// Gives a chunk that is not full to the reader.
  void flush();
  /// No more bytes come; the reader gets the error, if any, behind them.
  void end(std::optional<Error> error);

  /// The next chunk, valid until the next call; empty at the end.
  Result<std::string_view> read();
  /// The reader goes: the writer's next write fails.
  void leave();
  bool left() const;

 private:
  struct Chunk {
    std::unique_ptr<char[]> bytes = std::make_unique_for_overwrite<char[]>(kChunkBytes);
    std::size_t size = 0;
  };

  /// The chunk to fill, waiting for a free one; null when the reader has gone.
  Chunk* writable();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Chunk>> full_;
  std::vector<std::unique_ptr<Chunk>> free_;
  std::size_t chunks_ = 0;
  bool ended_ = false;
  bool left_ = false;
  std::optional<Error> error_;
  std::unique_ptr<Chunk> filling_;  ///< the writer's
  std::unique_ptr<Chunk> reading_;  ///< the reader's
};

}  // namespace duet::salesforce
