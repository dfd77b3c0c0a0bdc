#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "orgsim/core/formula_fields.h"

namespace orgsim {

namespace {

/// Nodes of a formula with all the formulas it refers to, as the org limits the compiled size.
constexpr std::size_t kMaxCompiled = 5'000;
constexpr std::size_t kMaxCompiledDepth = 600;
constexpr std::size_t kMaxParents = 5;
constexpr std::size_t kMaxLookups = 200;      // over all objects that polymorphic references lead to
constexpr std::int32_t kMaxTextLength = 255;  // a longer text area is no part of a formula

std::unexpected<Error> wrong(std::string message) { return fail(codes::kFieldIntegrity, std::move(message)); }

const FieldDef* find_field(const ObjectDef& object, std::string_view name) {
  const FieldDef* field = object.field(name);
  return field != nullptr ? field : object.hidden_field(name);
}

struct Target {
  const ObjectDef* object = nullptr;
  const FieldDef* field = nullptr;
};

/// The field in every object that a polymorphic reference may lead to; at least one.
Outcome<std::vector<Target>> resolve(const Schema& schema, const ObjectDef& start, const FormulaNode& node) {
  std::vector<const ObjectDef*> candidates = {&start};
  std::size_t hops = 0;
  for (const std::string& name : node.parents) {
    std::vector<const ObjectDef*> next;
    for (const ObjectDef* candidate : candidates) {
      const FieldDef* reference = ++hops <= kMaxLookups ? candidate->relationship(name) : nullptr;
      if (reference == nullptr) continue;
      for (const std::string& target : reference->reference_to) {
        const ObjectDef* parent = schema.object(target);
        if (parent != nullptr && std::ranges::find(next, parent) == next.end()) next.push_back(parent);
      }
    }
    candidates = std::move(next);
  }
  std::vector<Target> targets;
  for (const ObjectDef* candidate : candidates) {
    if (const FieldDef* field = find_field(*candidate, node.field)) targets.push_back({candidate, field});
  }
  if (!targets.empty() && node.parents.size() <= kMaxParents) return targets;
  std::string path;
  for (const std::string& name : node.parents) path += name + ".";
  return wrong(fmt::format("Field {}{} does not exist. Check spelling.", path, node.field));
}

FormulaKind kind_of(const FieldDef& field) {
  if (is_number(field.type)) return FormulaKind::number;
  switch (field.type) {
    case FieldType::boolean:
      return FormulaKind::boolean;
    case FieldType::date:
      return FormulaKind::date;
    case FieldType::datetime:
      return FormulaKind::datetime;
    case FieldType::picklist:
      return FormulaKind::picklist;
    case FieldType::textarea:
      return field.length > kMaxTextLength && field.expression == nullptr ? FormulaKind::unusable : FormulaKind::text;
    case FieldType::multipicklist:
    case FieldType::time:
    case FieldType::encryptedstring:
    case FieldType::address:
    case FieldType::location:
    case FieldType::base64:
      return FormulaKind::unusable;
    default:
      return FormulaKind::text;
  }
}

struct Compiled {
  std::size_t size = 0;
  std::size_t depth = 0;
};

/// Follows the formulas that a formula refers to. `way` are those on the way here.
Outcome<Compiled> measure(const Schema& schema, const ObjectDef& object, const FieldDef& field,
                          std::vector<const FieldDef*>& way) {
  if (std::ranges::find(way, &field) != way.end()) {
    return wrong(fmt::format("Formula contains a circular reference: {}", field.name));
  }
  way.push_back(&field);
  Compiled total{field.expression->size(), 0};
  for (const FormulaNode* node : field.expression->references()) {
    const auto targets = resolve(schema, object, *node);
    if (!targets) return std::unexpected(targets.error());
    for (const Target& target : *targets) {
      // The size is looked at here already, so that the walk itself stays within the limit.
      if (target.field->expression == nullptr || total.size > kMaxCompiled) continue;
      auto inner = measure(schema, *target.object, *target.field, way);
      if (!inner) return inner;
      total.size += inner->size;
      total.depth = std::max(total.depth, inner->depth);
    }
  }
  total.depth += field.expression->depth();
  way.pop_back();
  if (total.size > kMaxCompiled || total.depth > kMaxCompiledDepth) {
    return wrong(fmt::format("Compiled formula is too big to execute ({} characters). Maximum size is {} characters",
                             total.size, kMaxCompiled));
  }
  return total;
}

bool is_usable_as(FormulaKind result, FormulaKind wanted) { return result == FormulaKind::any || result == wanted; }

Outcome<void> check(const Schema& schema, const ObjectDef& object, const FieldDef& field) {
  const auto result = field.expression->check([&](const FormulaNode& node) -> Outcome<FormulaKind> {
    const auto targets = resolve(schema, object, node);
    if (!targets) return std::unexpected(targets.error());
    return kind_of(*targets->front().field);
  });
  if (!result) return std::unexpected(result.error());
  if (const FormulaKind wanted = kind_of(field); !is_usable_as(*result, wanted)) {
    return wrong(fmt::format("Formula result is data type ({}), incompatible with expected data type ({}).",
                             kind_name(*result), kind_name(wanted)));
  }
  std::vector<const FieldDef*> way;
  const auto size = measure(schema, object, field, way);
  return size ? Outcome<void>{} : std::unexpected(size.error());
}

}  // namespace

Outcome<void> check_formula(const Schema& schema, const ObjectDef& object, const FieldDef& field) {
  auto done = check(schema, object, field);
  if (!done) done.error().fields = {field.name};
  return done;
}

}  // namespace orgsim
