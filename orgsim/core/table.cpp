#include "orgsim/core/table.h"

#include <fmt/format.h>

#include <cstring>

namespace orgsim {

namespace {

constexpr std::size_t kSizeBytes = sizeof(std::uint32_t);

bool indexed(RowState state) { return state == RowState::live || state == RowState::deleted; }

}  // namespace

Table::~Table() {
  // Chains of versions can be long: unlinked one by one instead of by recursion.
  for (Row& row : rows_) {
    while (row.history) row.history = std::move(row.history->older);
  }
}

std::uint32_t Table::allocate() {
  rows_.emplace_back();
  return static_cast<std::uint32_t>(rows_.size() - 1);
}

void Table::reserve(std::size_t more) {
  rows_.reserve(rows_.size() + more);
  for (auto& [field, index] : indexes_) index.reserve(rows_.size() + more);
}

std::string_view Table::view(const Row& row) {
  if (!row.packed) return {};
  std::uint32_t size = 0;
  std::memcpy(&size, row.packed.get(), kSizeBytes);
  return {row.packed.get() + kSizeBytes, size};
}

void Table::set_packed(Row& row, std::string_view packed) {
  packed_bytes_ += packed.size();
  packed_bytes_ -= view(row).size();
  const auto size = static_cast<std::uint32_t>(packed.size());
  auto memory = std::make_unique_for_overwrite<char[]>(kSizeBytes + size);
  std::memcpy(memory.get(), &size, kSizeBytes);
  std::memcpy(memory.get() + kSizeBytes, packed.data(), size);
  row.packed = std::move(memory);
}

RowState Table::state(std::uint32_t slot) const { return slot < rows_.size() ? rows_[slot].state : RowState::absent; }

std::string_view Table::packed(std::uint32_t slot) const { return view(rows_[slot]); }

void Table::insert(std::uint32_t slot, std::string_view packed, std::uint32_t stamp, std::uint32_t commit) {
  Row& row = rows_[slot];
  set_packed(row, packed);
  row.created = commit;
  row.stamp = stamp;
  row.state = RowState::live;
  ++live_;
  stamps_.insert(stamp, slot);
  index_row(slot, packed, true);
}

void Table::change(std::uint32_t slot, Change change) {
  Row& row = rows_[slot];
  auto version = std::make_unique<Version>();
  version->commit = change.commit;
  version->old_stamp = row.stamp;
  version->old_state = row.state;
  version->state = change.state;
  version->type = change.type;
  version->old_cells = std::move(change.old_cells);
  history_bytes_ += sizeof(Version) + version->old_cells.capacity();

  live_ -= row.state == RowState::live ? 1 : 0;
  live_ += change.state == RowState::live ? 1 : 0;
  deleted_ -= row.state == RowState::deleted ? 1 : 0;
  deleted_ += change.state == RowState::deleted ? 1 : 0;
  if (row.state == RowState::live && change.state != RowState::live) deletes_.emplace_back(change.stamp, slot);

  const bool moved = row.stamp != change.stamp || !indexed(change.state);
  if (indexed(row.state) && moved) stamps_.erase(row.stamp, slot);
  if (indexed(change.state) && moved) stamps_.insert(change.stamp, slot);
  if (change.packed != view(row)) {
    if (indexed(row.state)) index_row(slot, view(row), false);
    set_packed(row, change.packed);
    if (indexed(change.state)) index_row(slot, change.packed, true);
  } else if (!indexed(change.state)) {
    index_row(slot, view(row), false);
  }
  row.stamp = change.stamp;
  row.state = change.state;
  version->older = std::move(row.history);
  row.history = std::move(version);
}

RowImage Table::image_at(std::uint32_t slot, std::uint32_t commits) const {
  RowImage image;
  if (slot >= rows_.size()) return image;
  const Row& row = rows_[slot];
  if (row.state == RowState::absent || row.created >= commits) return image;
  image.state = row.state;
  image.stamp = row.stamp;
  image.current = view(row);
  for (const Version* version = row.history.get(); version != nullptr && version->commit >= commits;
       version = version->older.get()) {
    image.state = version->old_state;
    image.stamp = version->old_stamp;
    if (version->old_cells.empty()) continue;
    image.rebuilt = apply_old_cells(image.packed(), version->old_cells);
    image.undone = true;
  }
  return image;
}

std::uint64_t Table::bytes() const {
  std::uint64_t total = rows_.capacity() * sizeof(Row) + packed_bytes_ + rows_.size() * kSizeBytes + history_bytes_ +
                        stamps_.bytes() + deletes_.capacity() * sizeof(deletes_[0]);
  for (const auto& [field, index] : indexes_) total += index.bytes();
  return total;
}

std::string Table::index_key(const FieldDef& field, const CellView& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    return field.case_sensitive || field.type == FieldType::reference ? std::string(*text) : fold_case(*text);
  }
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "1" : "0";
  return {};
}

const HashIndex& Table::index_of(const FieldDef& field) const {
  const auto [at, fresh] = indexes_.try_emplace(field.index);
  if (!fresh) return at->second;
  HashIndex& index = at->second;
  for (std::uint32_t slot = 0; slot < rows_.size(); ++slot) {
    if (!indexed(rows_[slot].state)) continue;
    IdBuffer id;
    const CellView cell = find_cell(view(rows_[slot]), field.index, id);
    if (!is_null(cell)) index.insert(hash_key(index_key(field, cell)), slot);
  }
  return index;
}

void Table::index_row(std::uint32_t slot, std::string_view packed, bool add) {
  for (auto& [field, index] : indexes_) {
    IdBuffer id;
    const CellView cell = find_cell(packed, field, id);
    if (is_null(cell)) continue;
    const std::uint32_t hash = hash_key(index_key(object_->fields[field], cell));
    if (add) {
      index.insert(hash, slot);
    } else {
      index.erase(hash, slot);
    }
  }
}

}  // namespace orgsim
