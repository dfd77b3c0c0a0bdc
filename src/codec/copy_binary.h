#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/time.h"

namespace duet::codec {

/// Rows in PostgreSQL's binary COPY format (version 1: signature, rows, trailer), built up in one buffer that is used
/// again. Call begin() once, then for each row begin_row() and one value or null() per column, at last end(). No check
/// of any value.
class CopyWriter {
 public:
  void begin();
  void begin_row(std::int16_t columns) { put(columns); }
  void end() { put<std::int16_t>(-1); }

  void null() { put<std::int32_t>(-1); }
  /// UTF-8 without NUL bytes; for text and varchar.
  void text(std::string_view value) {
    char* at = grow(sizeof(std::int32_t) + value.size());
    store(at, static_cast<std::int32_t>(value.size()));
    std::memcpy(at + sizeof(std::int32_t), value.data(), value.size());
  }
  void boolean(bool value) { sized(static_cast<std::int8_t>(value)); }
  void integer(std::int32_t value) { sized(value); }
  void double_precision(double value) { sized(std::bit_cast<std::int64_t>(value)); }
  /// Days since 1970-01-01.
  void date(std::int32_t days) { sized(days - kEpochDays); }
  /// ms since 1970-01-01T00:00:00Z; the column holds UTC.
  void timestamp(TimeMs time) { sized((time - kEpochDays * kMsPerDay) * kMicrosPerMs); }
  /// ms since midnight.
  void time_of_day(std::int64_t ms) { sized(ms * kMicrosPerMs); }

  /// What has been written since the last clear().
  std::string_view bytes() const { return {buffer_.get(), size_}; }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }
  /// Takes back everything after the first `size` bytes: a row that could not be finished.
  void truncate(std::size_t size) { size_ = size; }

 private:
  static constexpr std::int32_t kEpochDays = 10'957;  ///< 2000-01-01, where PostgreSQL's dates begin
  static constexpr std::int64_t kMicrosPerMs = 1'000;

  template <class Integer>
  static void store(char* at, Integer value) {
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    std::memcpy(at, &value, sizeof(value));
  }

  template <class Integer>
  void put(Integer value) {
    store(grow(sizeof(value)), value);
  }

  template <class Integer>
  void sized(Integer value) {
    char* at = grow(sizeof(std::int32_t) + sizeof(value));
    store(at, static_cast<std::int32_t>(sizeof(value)));
    store(at + sizeof(std::int32_t), value);
  }

  /// Room for `bytes` more, which count as written.
  char* grow(std::size_t bytes) {
    if (capacity_ - size_ < bytes) enlarge(bytes);
    char* at = buffer_.get() + size_;
    size_ += bytes;
    return at;
  }
  void enlarge(std::size_t bytes);

  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace duet::codec
