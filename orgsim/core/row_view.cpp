#include "orgsim/core/row_view.h"

#include <fmt/format.h>

#include "orgsim/core/formula_fields.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/soql_shown.h"

namespace orgsim {

namespace {

constexpr std::size_t kMaxParents = 5;  // as the real org

std::unexpected<Error> no_column(const ObjectDef& object, std::string_view name, std::string_view soql,
                                 std::size_t at) {
  return fail(codes::kInvalidField,
              soql_error_message(
                  soql, at,
                  fmt::format("No such column '{}' on entity '{}'. If you are attempting to use a custom field, be "
                              "sure to append the '__c' after the custom field name. Please reference your WSDL "
                              "or the describe call for the appropriate names.",
                              name, object.name)));
}

/// The row's own currency; the view points into the row, or to the org's.
std::string_view currency_of(const RowView& row) {
  const FieldDef* field = row.object->field("CurrencyIsoCode");
  if (field == nullptr) return row.org->corporate_currency;
  IdBuffer id;
  const CellView cell = row.cell(*field, id);
  const auto* code = std::get_if<std::string_view>(&cell);
  return code != nullptr ? *code : std::string_view(row.org->corporate_currency);
}

/// Over the great circle; null when the record names no place.
CellView distance_to(const RowView& row, const FieldDef& field, const SoqlPlace& place) {
  std::optional<double> latitude;
  std::optional<double> longitude;
  for (const FieldDef* part : row.object->parts(field.name)) {
    IdBuffer id;
    const CellView cell = row.cell(*part, id);
    const auto* degrees = std::get_if<double>(&cell);
    if (degrees == nullptr) continue;
    if (part->name.ends_with("Latitude") || part->name.ends_with("Latitude__s")) latitude = *degrees;
    if (part->name.ends_with("Longitude") || part->name.ends_with("Longitude__s")) longitude = *degrees;
  }
  if (!latitude || !longitude) return {};
  return great_circle(*latitude, *longitude, place);
}

}  // namespace

CellView RowView::cell(const FieldDef& field, IdBuffer& id) const {
  if (field.type == FieldType::id) {
    write_id(object->key_prefix.data(), slot, id.data());
    return std::string_view(id.data(), id.size());
  }
  if (field.name == "SystemModstamp") return static_cast<std::int64_t>(image.stamp) * 1000;
  if (field.name == "IsDeleted") return image.state != RowState::live;
  if (field.expression != nullptr) {
    Value value = formula_value({org, commits}, *object, field,
                                [this](const FieldDef& read, IdBuffer& buffer) { return cell(read, buffer); });
    auto* text = std::get_if<std::string>(&value);
    return text != nullptr ? CellView(texts.emplace_front(std::move(*text))) : to_view(value);
  }
  const CellView cell = find_cell(image.packed(), field.index, id);
  return is_null(cell) && field.type == FieldType::boolean ? CellView{field.default_boolean()} : cell;
}

RowView Snapshot::row(const ObjectDef& object, std::uint32_t slot) const {
  return {&object, slot, org->table(object).image_at(slot, commits), org, commits};
}

std::optional<RowView> Snapshot::row_of_id(std::string_view id) const {
  const ObjectDef* object = org->schema.object_by_prefix(id);
  const auto slot = object != nullptr ? org->slot_of_id(*object, id) : std::nullopt;
  if (!slot) return std::nullopt;
  RowView found = row(*object, *slot);
  if (found.image.state == RowState::absent || found.image.state == RowState::purged) return std::nullopt;
  return found;
}

std::optional<RowView> Snapshot::follow(const RowView& from, const std::vector<std::string>& relationships) const {
  const RowView* at = &from;
  std::optional<RowView> parent;
  for (const std::string& name : relationships) {
    const FieldDef* reference = at->object->relationship(name);
    if (reference == nullptr) return std::nullopt;
    IdBuffer buffer;
    const CellView cell = at->cell(*reference, buffer);
    const auto* id = std::get_if<std::string_view>(&cell);
    auto next = id != nullptr ? row_of_id(*id) : std::nullopt;
    if (!next) return std::nullopt;
    parent = std::move(next);
    at = &*parent;
  }
  return parent;
}

CellView BoundPath::read(const Snapshot& snapshot, const RowView& row, std::optional<RowView>& parent,
                         IdBuffer& id) const {
  if (parents.empty()) return apply_function(snapshot, *this, *field, row, row.cell(*field, id));
  parent = snapshot.follow(row, parents);
  if (!parent) return {};
  const FieldDef* there = parent->object->index == object->index ? field : parent->object->field(field->name);
  return there != nullptr ? apply_function(snapshot, *this, *there, *parent, parent->cell(*there, id)) : CellView{};
}

CellView apply_function(const Snapshot& snapshot, const BoundPath& path, const FieldDef& field, const RowView& row,
                        const CellView& cell) {
  switch (path.function) {
    case SoqlFunction::convert_currency:
      return convert_amount(row, cell, path.currency.empty() ? snapshot.currency : path.currency);
    case SoqlFunction::format:
      return is_null(cell) ? CellView{} : row.texts.emplace_front(shown_text(field, cell, currency_of(row)));
    case SoqlFunction::format_converted:
      if (is_null(cell)) return {};
      return row.texts.emplace_front(
          shown_text(field, convert_amount(row, cell, snapshot.currency),
                     snapshot.currency.empty() ? currency_of(row) : std::string_view(snapshot.currency)));
    case SoqlFunction::distance:
      return distance_to(row, field, path.place);
    default:
      return apply(path.function, field, cell);
  }
}

CellView convert_amount(const RowView& row, const CellView& cell, std::string_view to) {
  const auto* amount = std::get_if<double>(&cell);
  const FieldDef* currency = amount != nullptr && !to.empty() ? row.object->field("CurrencyIsoCode") : nullptr;
  if (currency == nullptr) return cell;
  IdBuffer id;
  const CellView code = row.cell(*currency, id);
  const auto* from = std::get_if<std::string_view>(&code);
  return from != nullptr ? CellView{row.org->convert(*amount, *from, to)} : cell;
}

std::string call_text(const BoundPath& path) {
  if (path.function == SoqlFunction::none) return {};
  return fmt::format("{}({})", function_name(path.function), path.text);
}

Outcome<BoundPath> bind_path(const Schema& schema, const ObjectDef& start, std::string_view path, std::string_view soql,
                             std::size_t at) {
  BoundPath bound;
  const ObjectDef* object = &start;
  std::vector<const ObjectDef*> candidates = {object};
  std::string_view rest = path;
  // "SELECT Account.Name FROM Account" names the object itself first.
  if (const auto dot = rest.find('.'); dot != std::string_view::npos &&
                                       object->relationship(rest.substr(0, dot)) == nullptr &&
                                       schema.object(rest.substr(0, dot)) == object) {
    rest.remove_prefix(dot + 1);
  }
  for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
    const std::string_view name = rest.substr(0, dot);
    const FieldDef* reference = nullptr;
    for (const ObjectDef* candidate : candidates) {
      if (reference == nullptr) reference = candidate->relationship(name);
    }
    if (reference == nullptr || bound.parents.size() == kMaxParents) {
      return fail(codes::kInvalidField,
                  soql_error_message(
                      soql, at,
                      fmt::format("Didn't understand relationship '{}' in field path. If you are attempting to use "
                                  "a custom relationship, be sure to append the '__r' after the custom "
                                  "relationship name. Please reference your WSDL or the describe call for the "
                                  "appropriate names.",
                                  name)));
    }
    bound.parents.push_back(reference->relationship_name);
    candidates.clear();
    for (const std::string& target : reference->reference_to) {
      if (const ObjectDef* parent = schema.object(target)) candidates.push_back(parent);
    }
    rest.remove_prefix(dot + 1);
  }
  for (const ObjectDef* candidate : candidates) {
    if (bound.field == nullptr && (bound.field = candidate->field(rest)) != nullptr) bound.object = candidate;
  }
  if (bound.field == nullptr) return no_column(candidates.empty() ? start : *candidates.front(), rest, soql, at);
  for (const std::string& parent : bound.parents) bound.text += parent + ".";
  bound.text += bound.field->name;
  return bound;
}

Outcome<BoundPath> bind_expression(const Schema& schema, const ObjectDef& object, const SoqlPath& path,
                                   std::string_view soql) {
  auto bound = bind_path(schema, object, path.text, soql, path.at);
  if (!bound || path.function == SoqlFunction::none) return bound;
  if (!takes(path.function, *bound->field)) {
    const bool aggregate = is_aggregate(path.function);
    return fail(codes::kMalformedQuery,
                soql_error_message(soql, path.at,
                                   fmt::format("field {} does not support {}", bound->field->name,
                                               aggregate ? "this aggregate operator" : "this function")));
  }
  bound->function = path.function;
  bound->place = path.place;
  return bound;
}

}  // namespace orgsim
