#include "orgsim/core/packed_row.h"

#include <gtest/gtest.h>

#include <limits>

#include "orgsim/core/ids.h"

namespace orgsim {
namespace {

class PackedRow : public ::testing::Test {
 protected:
  Schema schema_ = Schema::standard();
  const ObjectDef& account_ = *schema_.object("Account");
  std::vector<Value> values_ = std::vector<Value>(account_.fields.size());
  Value& at(std::string_view field) { return values_[account_.field(field)->index]; }
};

TEST_F(PackedRow, RoundTripsEveryKind) {
  at("Name") = "Ünïcode";
  at("AnnualRevenue") = -1.5e30;
  at("NumberOfEmployees") = std::numeric_limits<std::int64_t>::min();
  at("ParentId") = make_id("001", 77);
  at("MasterRecordId") = std::string("0014W000027f6V3QAI");
  at("CreatedDate") = std::int64_t{1'767'225'600'000};
  at("Description") = std::string(40'000, 'x');
  for (const FieldDef& field : account_.fields) {
    if (field.type == FieldType::boolean) values_[field.index] = field.index % 2 == 0;
  }
  std::vector<Value> back;
  unpack(pack(account_, values_), account_, back);
  EXPECT_EQ(back, values_);
}

TEST_F(PackedRow, FindsOneFieldAndNullsTakeNoSpace) {
  at("Name") = "A";
  at("ParentId") = make_id("001", 5);
  const std::string row = pack(account_, values_);
  EXPECT_LT(row.size(), 12U);
  IdBuffer id;
  EXPECT_EQ(find_cell(row, account_.field("ParentId")->index, id), CellView(std::string_view(make_id("001", 5))));
  EXPECT_TRUE(is_null(find_cell(row, account_.field("Phone")->index, id)));
}

TEST_F(PackedRow, OldCellsUndoAVersion) {
  at("Name") = "old";
  at("Phone") = "1";
  const std::string before = pack(account_, values_);
  at("Name") = "new";
  at("Phone") = Value{};
  at("Fax") = "2";
  const std::string after = pack(account_, values_);
  RowWriter delta;
  delta.put(*account_.field("Name"), std::string_view("old"));
  delta.put(*account_.field("Phone"), std::string_view("1"));
  delta.put_null(account_.field("Fax")->index);
  EXPECT_EQ(apply_old_cells(after, delta.bytes()), before);
}

TEST(FoldCase, FoldsBeyondAscii) {
  EXPECT_EQ(fold_case("ÄÖÜ Straße ÉŁÑ"), fold_case("äöü straße éłñ"));
  EXPECT_EQ(fold_case("ΑΒΓ ПРИВЕТ Ё"), fold_case("αβγ привет ё"));
  EXPECT_EQ(fold_case("\xFF\xC3"), "\xFF\xC3") << "invalid bytes stay";
  EXPECT_NE(fold_case("ä"), fold_case("a"));
}

}  // namespace
}  // namespace orgsim
