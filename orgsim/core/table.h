#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orgsim/core/change_event.h"
#include "orgsim/core/hash_index.h"
#include "orgsim/core/packed_row.h"
#include "orgsim/core/schema.h"
#include "orgsim/core/stamp_index.h"

namespace orgsim {

enum class RowState : std::uint8_t { absent, live, deleted, purged };

/// One version after the first: what the fields it changed held before, so that older states are found by undoing.
struct Version {
  std::unique_ptr<Version> older;
  std::uint32_t commit = 0;
  std::uint32_t old_stamp = 0;
  RowState old_state = RowState::live;
  RowState state = RowState::live;
  ChangeType type = ChangeType::update;
  std::string old_cells;
};

/// A row as of some commit.
struct RowImage {
  RowState state = RowState::absent;
  std::uint32_t stamp = 0;
  /// The table's own bytes, or the image's when later versions had to be undone.
  [[nodiscard]] std::string_view packed() const { return undone ? std::string_view(rebuilt) : current; }

  std::string_view current;
  std::string rebuilt;
  bool undone = false;
};

/// The committed records of one object. A row's slot is its id's counter, so Id order is slot order and an Id needs no
/// index. Id, IsDeleted and SystemModstamp are not in the packed row: they are the slot, the state and the stamp.
class Table {
 public:
  explicit Table(const ObjectDef& object) : object_(&object) {}
  ~Table();
  Table(Table&&) noexcept = default;
  Table& operator=(Table&&) = delete;

  [[nodiscard]] const ObjectDef& object() const { return *object_; }

  /// A new slot, absent until insert(); slots of rolled-back inserts stay absent, as Salesforce burns ids too.
  std::uint32_t allocate();
  void reserve(std::size_t more);
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(rows_.size()); }

  void insert(std::uint32_t slot, std::string_view packed, std::uint32_t stamp, std::uint32_t commit);
  struct Change {
    ChangeType type = ChangeType::update;
    RowState state = RowState::live;
    std::uint32_t stamp = 0;
    std::uint32_t commit = 0;
    std::string_view packed;
    std::string old_cells;
  };
  void change(std::uint32_t slot, Change change);

  [[nodiscard]] RowState state(std::uint32_t slot) const;
  [[nodiscard]] std::uint32_t stamp(std::uint32_t slot) const { return rows_[slot].stamp; }
  [[nodiscard]] std::string_view packed(std::uint32_t slot) const;
  [[nodiscard]] std::uint32_t created(std::uint32_t slot) const { return rows_[slot].created; }
  [[nodiscard]] const Version* newest_version(std::uint32_t slot) const { return rows_[slot].history.get(); }
  /// The row when only the first `commits` commits had happened.
  [[nodiscard]] RowImage image_at(std::uint32_t slot, std::uint32_t commits) const;

  [[nodiscard]] std::uint64_t live_count() const { return live_; }
  [[nodiscard]] std::uint64_t deleted_count() const { return deleted_; }
  [[nodiscard]] std::uint64_t bytes() const;

  /// Calls visit(slot) for live and deleted rows whose field equals the value as an index compares it; the index is
  /// made at the first use of the field. visit returns false to stop.
  template <typename Visit>
  void find(const FieldDef& field, const CellView& value, Visit visit) const {
    const std::string key = index_key(field, value);
    const HashIndex& index = index_of(field);
    index.find(hash_key(key), [&](std::uint32_t slot) {
      IdBuffer id;
      return index_key(field, find_cell(packed(slot), field.index, id)) != key || visit(slot);
    });
  }

  /// Forgets the field indexes, because a field may now compare in another way; the next use makes them anew.
  void drop_indexes() { indexes_.clear(); }

  [[nodiscard]] const StampIndex& stamps() const { return stamps_; }
  /// (second, slot) of every delete, in commit order; undeleted and re-deleted rows appear more than once.
  [[nodiscard]] const std::vector<std::pair<std::uint32_t, std::uint32_t>>& deletes() const { return deletes_; }

  /// How a value is compared for uniqueness and lookup: text by case only when the field is case-sensitive.
  [[nodiscard]] static std::string index_key(const FieldDef& field, const CellView& value);

 private:
  struct Row {
    std::unique_ptr<char[]> packed;  // 4 bytes of size, then the bytes
    std::unique_ptr<Version> history;
    std::uint32_t created = 0;
    std::uint32_t stamp = 0;
    RowState state = RowState::absent;
  };

  static std::string_view view(const Row& row);
  void set_packed(Row& row, std::string_view packed);
  const HashIndex& index_of(const FieldDef& field) const;
  void index_row(std::uint32_t slot, std::string_view packed, bool add);

  const ObjectDef* object_;
  std::vector<Row> rows_;
  StampIndex stamps_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> deletes_;
  mutable std::map<std::uint16_t, HashIndex> indexes_;  // made by the first reader; the core is single-threaded
  std::uint64_t live_ = 0;
  std::uint64_t deleted_ = 0;
  std::uint64_t packed_bytes_ = 0;
  std::uint64_t history_bytes_ = 0;
};

}  // namespace orgsim
