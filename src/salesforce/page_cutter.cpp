#include "salesforce/page_cutter.h"

#include <algorithm>

namespace duet::salesforce {

void PageCutter::begin_page() {
  first_page_ = given_ == 0 && offset_ == 0 && tail_.empty();
  in_header_ = !first_page_;
  offset_ = 0;
  given_ = 0;
  tail_.clear();
}

void PageCutter::repeat_page() { offset_ = 0; }

void PageCutter::compare_with_tail(std::string_view bytes) {
  // tail_ covers [given_ - tail_.size(), given_), bytes begin at offset_.
  std::uint64_t tail_start = given_ - tail_.size();
  std::uint64_t from = std::max(tail_start, offset_);
  std::uint64_t to = std::min(given_, offset_ + bytes.size());
  if (from >= to) return;
  auto length = static_cast<std::size_t>(to - from);
  if (bytes.substr(static_cast<std::size_t>(from - offset_), length) !=
      std::string_view(tail_).substr(static_cast<std::size_t>(from - tail_start), length)) {
    mismatch_ = true;
  }
}

std::string_view PageCutter::cut(std::string_view bytes) {
  if (offset_ < given_) {
    compare_with_tail(bytes);
    auto known = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), given_ - offset_));
    offset_ += known;
    bytes.remove_prefix(known);
  }
  if (bytes.empty() || mismatch_) return {};
  offset_ += bytes.size();
  given_ = offset_;
  if (bytes.size() >= kTail) {
    tail_ = bytes.substr(bytes.size() - kTail);
  } else {
    tail_ += bytes;
    if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
  }
  if (in_header_) {
    // Names of fields hold no line breaks.
    auto end = bytes.find('\n');
    if (end == std::string_view::npos) return {};
    in_header_ = false;
    bytes.remove_prefix(end + 1);
  }
  return bytes;
}

}  // namespace duet::salesforce
