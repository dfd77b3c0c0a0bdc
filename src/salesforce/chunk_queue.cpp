#include "salesforce/chunk_queue.h"

#include <algorithm>
#include <cstring>

namespace duet::salesforce {

ChunkQueue::Chunk* ChunkQueue::writable() {
  if (filling_) return filling_.get();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return left_ || !free_.empty() || chunks_ < kMaxChunks; });
  if (left_) return nullptr;
  if (free_.empty()) {
    ++chunks_;
    filling_ = std::make_unique<Chunk>();
  } else {
    filling_ = std::move(free_.back());
    free_.pop_back();
  }
  filling_->size = 0;
  return filling_.get();
}

bool ChunkQueue::write(std::string_view bytes) {
  while (!bytes.empty()) {
    Chunk* chunk = writable();
    if (!chunk) return false;
    std::size_t part = std::min(bytes.size(), kChunkBytes - chunk->size);
    std::memcpy(chunk->bytes.get() + chunk->size, bytes.data(), part);
    chunk->size += part;
    bytes.remove_prefix(part);
    if (chunk->size == kChunkBytes) flush();
  }
  return true;
}

void ChunkQueue::flush() {
  if (!filling_ || filling_->size == 0) return;
  {
    std::lock_guard lock(mutex_);
    full_.push_back(std::move(filling_));
  }
  changed_.notify_all();
}

void ChunkQueue::end(std::optional<Error> error) {
  flush();
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    error_ = std::move(error);
  }
  changed_.notify_all();
}

Result<std::string_view> ChunkQueue::read() {
  std::unique_lock lock(mutex_);
  if (reading_) {
    free_.push_back(std::move(reading_));
    changed_.notify_all();
  }
  changed_.wait(lock, [&] { return ended_ || !full_.empty(); });
  if (!full_.empty()) {
    reading_ = std::move(full_.front());
    full_.pop_front();
    return std::string_view(reading_->bytes.get(), reading_->size);
  }
  if (error_) return std::unexpected(*error_);
  return std::string_view();
}

void ChunkQueue::leave() {
  {
    std::lock_guard lock(mutex_);
    left_ = true;
  }
  changed_.notify_all();
}

bool ChunkQueue::left() const {
  std::lock_guard lock(mutex_);
  return left_;
}

}  // namespace duet::salesforce
