#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace orgsim {

/// A multimap from 32-bit hashes to row slots in 8 bytes per entry. It does not hold the keys: the reader compares the
/// rows that a hash leads to.
class HashIndex {
 public:
  void insert(std::uint32_t hash, std::uint32_t slot);
  /// Removes this pair if it is there.
  void erase(std::uint32_t hash, std::uint32_t slot);
  void reserve(std::size_t entries);

  /// Calls visit(slot) for each entry of this hash until it returns false. The index must not change meanwhile.
  template <typename Visit>
  void find(std::uint32_t hash, Visit visit) const {
    if (cells_.empty()) return;
    for (std::size_t at = hash & mask(); cells_[at].slot != kFree; at = (at + 1) & mask()) {
      if (cells_[at].slot != kErased && cells_[at].hash == hash && !visit(cells_[at].slot)) return;
    }
  }

  [[nodiscard]] std::size_t bytes() const { return cells_.size() * sizeof(Cell); }

 private:
  static constexpr std::uint32_t kFree = 0xFFFFFFFF;
  static constexpr std::uint32_t kErased = 0xFFFFFFFE;
  struct Cell {
    std::uint32_t hash = 0;
    std::uint32_t slot = kFree;
  };
  [[nodiscard]] std::size_t mask() const { return cells_.size() - 1; }
  void grow(std::size_t size);

  std::vector<Cell> cells_;  // size is a power of two; linear probing
  std::size_t used_ = 0;     // entries and erased cells
  std::size_t live_ = 0;
};

/// The hash of an index key, the same on every machine.
[[nodiscard]] std::uint32_t hash_key(std::string_view key);

}  // namespace orgsim
