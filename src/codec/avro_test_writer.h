#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace duet::codec {

/// Writes Avro binary by hand, for tests only: independent of the decoder that it tests.
class AvroTestWriter {
 public:
  AvroTestWriter& whole(std::int64_t number) {
    auto bits = (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
    for (; bits >= 0x80; bits >>= 7) bytes_ += static_cast<char>(bits | 0x80);
    bytes_ += static_cast<char>(bits);
    return *this;
  }
  AvroTestWriter& branch(std::int64_t index) { return whole(index); }
  AvroTestWriter& null() { return branch(0); }
  AvroTestWriter& boolean(bool flag) {
    bytes_ += flag ? '\1' : '\0';
    return *this;
  }
  AvroTestWriter& text(std::string_view text) {
    whole(static_cast<std::int64_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  AvroTestWriter& number(double number) {
    auto bits = std::bit_cast<std::uint64_t>(number);
    for (int i = 0; i < 8; ++i) bytes_ += static_cast<char>(bits >> (8 * i));
    return *this;
  }
  AvroTestWriter& texts(const std::vector<std::string>& texts) {
    if (!texts.empty()) whole(static_cast<std::int64_t>(texts.size()));
    for (const std::string& item : texts) text(item);
    return whole(0);
  }
  AvroTestWriter& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace duet::codec
