#include "orgsim/core/stamp_index.h"

namespace orgsim {

std::vector<StampIndex::Block>::const_iterator StampIndex::first_block(std::uint64_t at) const {
  return std::lower_bound(blocks_.begin(), blocks_.end(), at,
                          [](const Block& block, std::uint64_t value) { return block.back() < value; });
}

void StampIndex::insert(std::uint32_t stamp, std::uint32_t slot) {
  const std::uint64_t entry = key(stamp, slot);
  auto at = static_cast<std::size_t>(first_block(entry) - blocks_.begin());
  if (at == blocks_.size()) {
    // After everything: the usual case, so the last block is filled to the brim before a new one starts.
    if (blocks_.empty() || blocks_.back().size() >= kBlockSize) blocks_.emplace_back().reserve(kBlockSize);
    blocks_.back().push_back(entry);
    return;
  }
  Block& block = blocks_[at];
  block.insert(std::lower_bound(block.begin(), block.end(), entry), entry);
  if (block.size() <= kBlockSize) return;
  Block upper(block.begin() + kBlockSize / 2, block.end());
  block.resize(kBlockSize / 2);
  blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(upper));
}

void StampIndex::erase(std::uint32_t stamp, std::uint32_t slot) {
  const std::uint64_t entry = key(stamp, slot);
  const auto found = static_cast<std::size_t>(first_block(entry) - blocks_.begin());
  if (found == blocks_.size()) return;
  Block& block = blocks_[found];
  const auto at = std::lower_bound(block.begin(), block.end(), entry);
  if (at == block.end() || *at != entry) return;
  block.erase(at);
  if (block.empty()) blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(found));
}

std::size_t StampIndex::bytes() const {
  std::size_t total = blocks_.size() * sizeof(Block);
  for (const Block& block : blocks_) total += block.capacity() * sizeof(std::uint64_t);
  return total;
}

}  // namespace orgsim
