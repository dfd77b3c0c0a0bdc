#include "orgsim/core/query_groups.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <unordered_set>

namespace orgsim {

namespace {

/// Text that is the same for values that SOQL takes for the same.
void append_key(std::string& out, const FieldDef& field, const CellView& cell) {
  if (const auto* text = std::get_if<std::string_view>(&cell)) {
    const std::string folded = is_text(field.type) ? fold_case(*text) : std::string(*text);
    out += fmt::format("s{}:{}", folded.size(), folded);
  } else if (const auto* number = std::get_if<double>(&cell)) {
    out += fmt::format("d{};", *number);
  } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    out += fmt::format("i{};", *integer);
  } else if (const auto* flag = std::get_if<bool>(&cell)) {
    out += *flag ? "t" : "f";
  } else {
    out += "n";
  }
}

bool is_less(const Value& a, const Value& b) {
  const auto* x = std::get_if<std::string>(&a);
  const auto* y = std::get_if<std::string>(&b);
  return x != nullptr && y != nullptr ? fold_case(*x) < fold_case(*y) : a < b;
}

double as_number(const CellView& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  const auto* integer = std::get_if<std::int64_t>(&cell);
  return integer != nullptr ? static_cast<double>(*integer) : 0;
}

/// One aggregate of one group on its way.
struct Tally {
  std::int64_t count = 0;
  double sum = 0;
  Value best;
  std::unordered_set<std::string> distinct;

  void add(SoqlFunction function, const FieldDef& field, const CellView& cell) {
    if (is_null(cell)) return;
    ++count;
    if (function == SoqlFunction::sum || function == SoqlFunction::avg) sum += as_number(cell);
    if (function == SoqlFunction::count_distinct) {
      std::string key;
      append_key(key, field, cell);
      distinct.insert(std::move(key));
    }
    if (function != SoqlFunction::min && function != SoqlFunction::max) return;
    Value value = to_value(cell);
    const bool better = is_null(best) || (function == SoqlFunction::min ? is_less(value, best) : is_less(best, value));
    if (better) best = std::move(value);
  }

  [[nodiscard]] Value result(SoqlFunction function, const FieldDef& field) const {
    switch (function) {
      case SoqlFunction::grouping:
        return std::int64_t{0};
      case SoqlFunction::count:
        return count;
      case SoqlFunction::count_distinct:
        return static_cast<std::int64_t>(distinct.size());
      case SoqlFunction::sum:
        if (count == 0) return {};
        if (field.type == FieldType::int_ || field.type == FieldType::long_) return static_cast<std::int64_t>(sum);
        return sum;
      case SoqlFunction::avg:
        return count == 0 ? Value{} : Value{sum / static_cast<double>(count)};
      default:
        return best;
    }
  }
};

struct Group {
  std::vector<Value> keys;
  std::vector<Tally> tallies;
};

}  // namespace

Outcome<std::vector<std::vector<Value>>> group_rows(const Snapshot& snapshot, const ObjectDef& object,
                                                    const std::vector<std::uint32_t>& slots, const GroupSpec& spec) {
  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> places;
  if (spec.keys.empty()) groups.push_back({.keys = {}, .tallies = std::vector<Tally>(spec.aggregates.size())});
  std::string key;
  for (const std::uint32_t slot : slots) {
    const RowView row = snapshot.row(object, slot);
    IdBuffer id;
    std::optional<RowView> parent;
    key.clear();
    std::vector<Value> values;
    for (const BoundPath& path : spec.keys) {
      const CellView cell = path.read(snapshot, row, parent, id);
      append_key(key, path.result(), cell);
      values.push_back(to_value(cell));
    }
    std::size_t place = 0;
    if (!spec.keys.empty()) {
      const auto [found, is_new] = places.try_emplace(key, groups.size());
      place = found->second;
      if (is_new) {
        if (groups.size() == kGroupsMax) return fail("OPERATION_TOO_LARGE", "The query has too many groups");
        groups.push_back({.keys = std::move(values), .tallies = std::vector<Tally>(spec.aggregates.size())});
      }
    }
    for (std::size_t i = 0; i < spec.aggregates.size(); ++i) {
      const BoundPath& path = spec.aggregates[i];
      CellView cell = path.read(snapshot, row, parent, id);
      // Sums and the like of amounts in several currencies are in the org's own.
      if (path.field->type == FieldType::currency && snapshot.org->multi_currency) {
        cell = convert_amount(path.parents.empty() || !parent ? row : *parent, cell, snapshot.org->corporate_currency);
      }
      groups[place].tallies[i].add(path.function, *path.field, cell);
    }
  }
  std::vector<std::vector<Value>> out;
  out.reserve(groups.size());
  for (Group& group : groups) {
    std::vector<Value>& values = out.emplace_back(std::move(group.keys));
    for (std::size_t i = 0; i < spec.aggregates.size(); ++i) {
      values.push_back(group.tallies[i].result(spec.aggregates[i].function, *spec.aggregates[i].field));
    }
  }
  return out;
}

}  // namespace orgsim
