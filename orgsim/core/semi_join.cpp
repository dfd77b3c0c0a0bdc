#include <fmt/format.h>

#include "orgsim/core/query_plan.h"

namespace orgsim {

namespace {

std::unexpected<Error> malformed(const QueryContext& context, std::size_t at, std::string_view message) {
  return fail(codes::kMalformedQuery, soql_error_message(context.soql, at, message));
}

bool is_id(const FieldDef& field) { return field.type == FieldType::id || field.type == FieldType::reference; }

}  // namespace

Outcome<std::shared_ptr<const KeySet>> run_semi_join(const QueryContext& context, const SoqlQuery& inner) {
  const Schema& schema = context.seen();
  const ObjectDef* object = schema.object(inner.object.text);
  if (object == nullptr || !object->queryable) {
    return fail(codes::kInvalidType,
                soql_error_message(context.soql, inner.object.at,
                                   fmt::format("sObject type '{}' is not supported.", inner.object.text)));
  }
  const bool one_path = !inner.count && inner.select.size() == 1 && !inner.select[0].path.text.empty() &&
                        inner.select[0].path.function == SoqlFunction::none;
  if (!one_path || !inner.group.empty()) {
    return malformed(context, inner.object.at, "The inner select of a semi join must select one field");
  }
  auto path = bind_path(schema, *object, inner.select[0].path.text, context.soql, inner.select[0].path.at);
  if (!path) return std::unexpected(path.error());
  if (!is_id(*path->field)) {
    return malformed(context, inner.select[0].path.at,
                     fmt::format("The selected field '{}' in the inner select of a semi join must be an id or a "
                                 "reference field",
                                 path->text));
  }
  const QueryContext inside{.snapshot = context.snapshot,
                            .object = *object,
                            .soql = context.soql,
                            .today = context.today,
                            .include_deleted = context.include_deleted,
                            .schema = context.schema};
  std::optional<Filter> filter;
  if (inner.where) {
    auto bound = bind_filter(inside, *inner.where);
    if (!bound) return std::unexpected(bound.error());
    filter = std::move(*bound);
  }
  RowSelection selection;
  selection.filter = filter ? &*filter : nullptr;
  selection.include_deleted = context.include_deleted;
  if (inner.limit) selection.limit = std::min<std::uint64_t>(*inner.limit, selection.limit);
  auto keys = std::make_shared<KeySet>();
  for (const std::uint32_t slot : select_rows(context.snapshot, *object, selection)) {
    IdBuffer id;
    std::optional<RowView> parent;
    const CellView cell = path->read(context.snapshot, context.snapshot.row(*object, slot), parent, id);
    if (const auto* text = std::get_if<std::string_view>(&cell)) keys->emplace(*text);
  }
  return keys;
}

}  // namespace orgsim
