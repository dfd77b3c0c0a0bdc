#include "codec/copy_binary.h"

#include <algorithm>

namespace duet::codec {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr std::size_t kFirstCapacity = 64 << 10;

}  // namespace

void CopyWriter::begin() {
  std::memcpy(grow(kSignature.size()), kSignature.data(), kSignature.size());
  put<std::int32_t>(0);  // flags
  put<std::int32_t>(0);  // no header extension
}

void CopyWriter::enlarge(std::size_t bytes) {
  capacity_ = std::max({kFirstCapacity, capacity_ * 2, size_ + bytes});
  auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
  if (size_ > 0) std::memcpy(larger.get(), buffer_.get(), size_);
  buffer_ = std::move(larger);
}

}  // namespace duet::codec
