#include "orgsim/core/hash_index.h"

#include <bit>
#include <utility>

namespace orgsim {

void HashIndex::grow(std::size_t size) {
  std::vector<Cell> old = std::exchange(cells_, std::vector<Cell>(size));
  used_ = live_;
  for (const Cell& cell : old) {
    if (cell.slot == kFree || cell.slot == kErased) continue;
    std::size_t at = cell.hash & mask();
    while (cells_[at].slot != kFree) at = (at + 1) & mask();
    cells_[at] = cell;
  }
}

void HashIndex::reserve(std::size_t entries) {
  const std::size_t size = std::bit_ceil(entries * 10 / 7 + 16);
  if (size > cells_.size()) grow(size);
}

void HashIndex::insert(std::uint32_t hash, std::uint32_t slot) {
  // At most 70 % full, erased cells included; a table full of erased cells is rebuilt at its own size.
  if ((used_ + 1) * 10 > cells_.size() * 7) grow(std::bit_ceil(live_ * 2 + 16));
  std::size_t at = hash & mask();
  while (cells_[at].slot != kFree) at = (at + 1) & mask();
  cells_[at] = {hash, slot};
  ++used_;
  ++live_;
}

void HashIndex::erase(std::uint32_t hash, std::uint32_t slot) {
  if (cells_.empty()) return;
  for (std::size_t at = hash & mask(); cells_[at].slot != kFree; at = (at + 1) & mask()) {
    if (cells_[at].slot != slot || cells_[at].hash != hash) continue;
    cells_[at].slot = kErased;
    --live_;
    return;
  }
}

std::uint32_t hash_key(std::string_view key) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace orgsim
