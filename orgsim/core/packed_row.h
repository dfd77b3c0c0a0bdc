#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// How rows are held: only fields with a value, in index order, each a tag (index step and kind) and a compact value.
/// Ids of this org take 3 bytes of prefix and the counter. A million rows of 30 columns is what this is for.

using IdBuffer = std::array<char, 18>;

class RowWriter {
 public:
  /// Fields must come in rising index order. Null is skipped; put_null writes it, which only history deltas do.
  void put(const FieldDef& field, const CellView& cell);
  void put_null(std::uint16_t index);
  void put_own_id(std::uint16_t index, std::string_view key_prefix, std::uint64_t counter);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  void clear();

 private:
  friend std::string apply_old_cells(std::string_view packed, std::string_view old_cells);
  void tag(std::uint16_t index, unsigned kind);
  void varint(std::uint64_t value);
  std::string bytes_;
  int last_ = -1;
};

/// Walks a packed row.
class RowReader {
 public:
  explicit RowReader(std::string_view bytes) : rest_(bytes) {}
  /// False at the end.
  bool next();
  [[nodiscard]] std::uint16_t index() const { return static_cast<std::uint16_t>(index_); }
  [[nodiscard]] bool null() const;
  /// An id is written to `id` and the view points there; other text points into the row.
  [[nodiscard]] CellView cell(IdBuffer& id) const;
  /// The value's bytes without the tag, for copying.
  [[nodiscard]] std::string_view raw() const { return raw_; }
  [[nodiscard]] unsigned kind() const { return kind_; }

 private:
  std::string_view rest_;
  std::string_view raw_;
  int index_ = -1;
  unsigned kind_ = 0;
};

/// One field of a packed row; null when it has no value.
[[nodiscard]] CellView find_cell(std::string_view packed, std::uint16_t index, IdBuffer& id);

/// All fields by index; `values` is overwritten. Booleans without a cell have their default.
void unpack(std::string_view packed, const ObjectDef& object, std::vector<Value>& values);
[[nodiscard]] std::string pack(const ObjectDef& object, const std::vector<Value>& values);

/// Undoes one version: the row as it was when `old_cells` held what the changed fields had before.
[[nodiscard]] std::string apply_old_cells(std::string_view packed, std::string_view old_cells);

}  // namespace orgsim
