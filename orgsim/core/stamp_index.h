#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace orgsim {

/// An ordered set of (SystemModstamp second, row slot), 8 bytes per entry, in sorted blocks: pages by stamp and Id need
/// no sorting. Slots order as Ids do.
class StampIndex {
 public:
  void insert(std::uint32_t stamp, std::uint32_t slot);
  void erase(std::uint32_t stamp, std::uint32_t slot);

  /// Calls visit(slot) for every entry with low <= stamp <= high, in order of (stamp, slot), until it returns false.
  template <typename Visit>
  void range(std::uint32_t low, std::uint32_t high, Visit visit) const {
    const std::uint64_t first = key(low, 0);
    const std::uint64_t last = key(high, 0xFFFFFFFF);
    for (auto block = first_block(first); block != blocks_.end(); ++block) {
      for (auto at = std::lower_bound(block->begin(), block->end(), first); at != block->end(); ++at) {
        if (*at > last || !visit(static_cast<std::uint32_t>(*at))) return;
      }
    }
  }

  [[nodiscard]] std::size_t bytes() const;

 private:
  using Block = std::vector<std::uint64_t>;
  static constexpr std::size_t kBlockSize = 1024;

  static std::uint64_t key(std::uint32_t stamp, std::uint32_t slot) {
    return (static_cast<std::uint64_t>(stamp) << 32) | slot;
  }
  /// The first block whose last entry is not below the key.
  [[nodiscard]] std::vector<Block>::const_iterator first_block(std::uint64_t at) const;

  std::vector<Block> blocks_;  // none is empty; last entries rise
};

}  // namespace orgsim
