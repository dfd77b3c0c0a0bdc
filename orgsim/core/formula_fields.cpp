#include "orgsim/core/formula_fields.h"

#include <cmath>

#include "orgsim/core/field_value.h"

namespace orgsim {

namespace {

constexpr double kPercent = 100;
constexpr double kMsPerSecond = 1000;

const FieldDef* find_field(const ObjectDef& object, std::string_view name) {
  const FieldDef* field = object.field(name);
  return field != nullptr ? field : object.hidden_field(name);  // a formula sees what its reader may not
}

FormulaValue formula_operand(const FieldDef& field, const CellView& cell, bool blank_is_zero) {
  if (is_number(field.type)) {
    double number = 0;
    if (const auto* decimal = std::get_if<double>(&cell)) number = *decimal;
    if (const auto* whole = std::get_if<std::int64_t>(&cell)) number = static_cast<double>(*whole);
    if (is_null(cell) && !blank_is_zero) return {};
    return field.type == FieldType::percent ? number / kPercent : number;
  }
  if (is_null(cell)) return {};
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag;
  if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
  if (const auto* moment = std::get_if<std::int64_t>(&cell)) {
    return field.type == FieldType::date ? FormulaValue(FormulaDate{*moment}) : FormulaValue(FormulaMoment{*moment});
  }
  return {};
}

Value stored_result(const FieldDef& field, const FormulaValue& result) {
  if (const auto* flag = std::get_if<bool>(&result)) return *flag;
  if (field.type == FieldType::boolean) return false;
  if (const auto* number = std::get_if<double>(&result)) {
    const double value = round_to_scale(field.type == FieldType::percent ? *number * kPercent : *number, field.scale);
    return value == 0 ? 0.0 : value;
  }
  if (const auto* date = std::get_if<FormulaDate>(&result)) return date->days;
  if (const auto* moment = std::get_if<FormulaMoment>(&result)) {
    return static_cast<std::int64_t>(std::floor(static_cast<double>(moment->ms) / kMsPerSecond) * kMsPerSecond);
  }
  const auto* text = std::get_if<std::string>(&result);
  return text != nullptr && !text->empty() ? Value(*text) : Value();
}

/// The record that the first relationships of a reference lead to.
std::optional<RowView> parent_of(const Snapshot& snapshot, const ObjectDef& object, const FormulaNode& node,
                                 const StoredCell& cell) {
  const FieldDef* reference = object.relationship(node.parents.front());
  if (reference == nullptr) return std::nullopt;
  IdBuffer buffer;
  const CellView value = cell(*reference, buffer);
  const auto* id = std::get_if<std::string_view>(&value);
  auto parent = id != nullptr ? snapshot.row_of_id(*id) : std::nullopt;
  if (!parent || node.parents.size() == 1) return parent;
  return snapshot.follow(*parent, {node.parents.begin() + 1, node.parents.end()});
}

}  // namespace

Value formula_value(const Snapshot& snapshot, const ObjectDef& object, const FieldDef& field, const StoredCell& cell) {
  FormulaInput input;
  input.now_ms = snapshot.org->now();
  input.field = [&](const FormulaNode& node) -> FormulaValue {
    IdBuffer id;
    if (!node.parents.empty()) {
      const auto parent = parent_of(snapshot, object, node, cell);
      const FieldDef* read = parent ? find_field(*parent->object, node.field) : nullptr;
      return read != nullptr ? formula_operand(*read, parent->cell(*read, id), field.blank_is_zero) : FormulaValue{};
    }
    const FieldDef* read = find_field(object, node.field);
    if (read == nullptr) return {};
    if (read->expression == nullptr) return formula_operand(*read, cell(*read, id), field.blank_is_zero);
    const Value value = formula_value(snapshot, object, *read, cell);
    return formula_operand(*read, to_view(value), field.blank_is_zero);
  };
  return stored_result(field, field.expression->evaluate(input));
}

void fill_formulas(const Snapshot& snapshot, const ObjectDef& object, std::vector<Value>& values) {
  const StoredCell cell = [&values](const FieldDef& field, IdBuffer&) { return to_view(values[field.index]); };
  for (const FieldDef& field : object.fields) {
    if (field.expression == nullptr || field.removed) continue;
    values[field.index] = formula_value(snapshot, object, field, cell);
  }
}

}  // namespace orgsim
