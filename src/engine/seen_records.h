#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace duet::engine {

/// Which records a load has met, as 8 bytes each. Past its bound it knows nothing and says so. Two Ids may share a
/// fingerprint (1 in 10^12 for a million records): the second is then taken for seen. First note(), then seal(), then
/// contains().
class SeenRecords {
 public:
  explicit SeenRecords(std::size_t limit = 8'000'000) : limit_(limit) {}

  void note(std::string_view sfid) {
    if (fingerprints_.size() == limit_) overflown_ = true;
    if (!overflown_) fingerprints_.push_back(std::hash<std::string_view>{}(sfid));
  }
  void seal() { std::ranges::sort(fingerprints_); }

  /// False also when nothing is known.
  bool contains(std::string_view sfid) const {
    return !overflown_ && std::ranges::binary_search(fingerprints_, std::hash<std::string_view>{}(sfid));
  }

 private:
  std::size_t limit_;
  bool overflown_ = false;
  std::vector<std::uint64_t> fingerprints_;
};

}  // namespace duet::engine
