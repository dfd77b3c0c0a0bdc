#include "orgsim/core/query_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/ids.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

bool is_id(const FieldDef& field) { return field.type == FieldType::id || field.type == FieldType::reference; }

/// Resolves the escapes that the lexer kept for LIKE.
std::string unescape_plain(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out.push_back(text[i]);
  }
  return out;
}

std::string_view literal_name(const FieldDef& field) {
  switch (field.type) {
    case FieldType::boolean:
      return "boolean";
    case FieldType::date:
      return "date";
    case FieldType::datetime:
      return "dateTime";
    case FieldType::time:
      return "time";
    default:
      return is_number(field.type) ? type_name(field.type) : "string";
  }
}

std::unexpected<Error> wrong_literal(const FieldDef& field, const SoqlLiteral& literal, std::string_view soql) {
  const bool quoted = literal.kind == SoqlLiteralKind::string;
  const bool text_field = is_text(field.type) || is_id(field);
  const std::string_view hint = quoted && !text_field   ? " and should not be enclosed in quotes"
                                : !quoted && text_field ? " and should be enclosed in quotes"
                                                        : "";
  return fail(codes::kInvalidField,
              soql_error_message(soql, literal.at,
                                 fmt::format("value of filter criterion for field '{}' must be of type {}{}",
                                             field.name, literal_name(field), hint)));
}

Outcome<FilterOperand> bind_moment(const FieldDef& field, const SoqlLiteral& literal, std::string_view soql,
                                   std::int64_t today) {
  const bool datetime = field.type == FieldType::datetime;
  if (literal.kind == SoqlLiteralKind::date_range) {
    const auto [first, last] = resolve(literal.range, today);
    if (!datetime) return FilterOperand{first, last};
    return FilterOperand{first * kMsPerDay, (last + 1) * kMsPerDay - 1};
  }
  const bool right_kind = literal.kind == (datetime ? SoqlLiteralKind::datetime : SoqlLiteralKind::date);
  if (!right_kind) return wrong_literal(field, literal, soql);
  return FilterOperand{literal.value, std::nullopt};
}

Outcome<FilterOperand> bind_operand(const FieldDef& field, SoqlOperator op, const SoqlLiteral& literal,
                                    std::string_view soql, std::int64_t today) {
  if (literal.kind == SoqlLiteralKind::null) return FilterOperand{};
  if (is_id(field)) {
    const auto* text = std::get_if<std::string>(&literal.value);
    if (text == nullptr) return wrong_literal(field, literal, soql);
    auto id = canonical_id(*text);
    if (!id) {
      return fail("INVALID_QUERY_FILTER_OPERATOR", soql_error_message(soql, literal.at, "invalid ID field: " + *text));
    }
    return FilterOperand{std::move(*id), std::nullopt};
  }
  if (is_text(field.type)) {
    const auto* text = std::get_if<std::string>(&literal.value);
    if (text == nullptr) return wrong_literal(field, literal, soql);
    if (op == SoqlOperator::like) return FilterOperand{fold_case(*text), std::nullopt};
    const std::string plain = fold_case(unescape_plain(*text));
    return plain.empty() ? FilterOperand{} : FilterOperand{plain, std::nullopt};
  }
  if (field.type == FieldType::boolean) {
    if (literal.kind != SoqlLiteralKind::boolean) return wrong_literal(field, literal, soql);
    return FilterOperand{literal.value, std::nullopt};
  }
  if (is_number(field.type)) {
    if (literal.kind != SoqlLiteralKind::number) return wrong_literal(field, literal, soql);
    return FilterOperand{literal.value, std::nullopt};
  }
  return bind_moment(field, literal, soql, today);
}

/// Longer lists of ids and texts are looked up in a set.
constexpr std::size_t kShortList = 8;

void make_keys(Filter& filter, const FieldDef& field) {
  const bool is_list = filter.op == SoqlOperator::in || filter.op == SoqlOperator::not_in;
  if (!is_list || filter.operands.size() <= kShortList || !(is_text(field.type) || is_id(field))) return;
  auto keys = std::make_shared<KeySet>();
  for (const FilterOperand& operand : filter.operands) {
    const auto* text = std::get_if<std::string>(&operand.value);
    // A null in the list keeps the slow way, which knows nulls.
    if (text == nullptr) return;
    keys->insert(*text);
  }
  filter.keys = std::move(keys);
}

Outcome<void> check_operator(const QueryContext& context, const SoqlCondition& condition, const FieldDef& field) {
  const bool set_operator = condition.op == SoqlOperator::includes || condition.op == SoqlOperator::excludes;
  const bool ordered = condition.op == SoqlOperator::less || condition.op == SoqlOperator::less_equal ||
                       condition.op == SoqlOperator::greater || condition.op == SoqlOperator::greater_equal;
  const bool misused = set_operator && field.type != FieldType::multipicklist;
  if (misused || (condition.op == SoqlOperator::like && !is_text(field.type)) ||
      (ordered && field.type == FieldType::boolean)) {
    return fail("INVALID_QUERY_FILTER_OPERATOR",
                soql_error_message(context.soql, condition.path.at, "invalid operator on field " + field.name));
  }
  return {};
}

/// "Amount > USD5000" compares what the amounts are in that currency.
Outcome<void> bind_currency(const QueryContext& context, const SoqlCondition& condition, BoundPath& path) {
  for (const SoqlLiteral& literal : condition.values) {
    if (literal.currency.empty()) continue;
    const bool known = context.snapshot.org->rates.contains(literal.currency);
    if (path.field->type != FieldType::currency || !context.snapshot.org->multi_currency || !known) {
      return fail(codes::kMalformedQuery,
                  soql_error_message(context.soql, literal.at,
                                     fmt::format("unexpected token: {}{}", literal.currency,
                                                 "; a currency needs an amount and an org with several currencies")));
    }
    if (path.function == SoqlFunction::none) path.function = SoqlFunction::convert_currency;
    path.currency = literal.currency;
  }
  return {};
}

Outcome<Filter> bind_compare(const QueryContext& context, const SoqlCondition& condition) {
  if (!context.bind && is_aggregate(condition.path.function)) {
    return fail(codes::kMalformedQuery,
                soql_error_message(context.soql, condition.path.at, "Aggregate functions are not allowed in WHERE"));
  }
  auto path = context.bind ? context.bind(condition.path)
                           : bind_expression(context.seen(), context.object, condition.path, context.soql);
  if (!path) return std::unexpected(path.error());
  const bool is_distance = path->function == SoqlFunction::distance;
  if (path->function == SoqlFunction::format || path->function == SoqlFunction::format_converted ||
      (is_distance && condition.op != SoqlOperator::less && condition.op != SoqlOperator::greater)) {
    return fail(codes::kMalformedQuery,
                soql_error_message(context.soql, condition.path.at,
                                   is_distance ? "DISTANCE is compared by < or >" : "FORMAT is for the SELECT list"));
  }
  if (!context.bind && !is_distance && (!path->field->filterable || is_compound(path->field->type))) {
    return fail(codes::kInvalidField,
                soql_error_message(context.soql, condition.path.at,
                                   fmt::format("field '{}' can not be filtered in a query call", path->field->name)));
  }
  if (auto currency = bind_currency(context, condition, *path); !currency) return std::unexpected(currency.error());
  const FieldDef& field = path->result();
  if (auto checked = check_operator(context, condition, field); !checked) return std::unexpected(checked.error());
  Filter filter;
  filter.op = condition.op;
  for (const SoqlLiteral& literal : condition.values) {
    auto operand = bind_operand(field, condition.op, literal, context.soql, context.today);
    if (!operand) return std::unexpected(operand.error());
    filter.operands.push_back(std::move(*operand));
  }
  if (condition.subquery) {
    if (!is_id(field)) {
      return fail(codes::kMalformedQuery,
                  soql_error_message(context.soql, condition.path.at,
                                     "The left operand of a semi join must be an id or a reference field"));
    }
    auto keys = run_semi_join(context, *condition.subquery);
    if (!keys) return std::unexpected(keys.error());
    filter.keys = *std::move(keys);
    filter.is_semi_join = true;
  } else {
    make_keys(filter, field);
  }
  filter.path = std::move(*path);
  return filter;
}

/// -1, 0 or 1 against an operand of the same field; folded text on both sides. The cell is not null.
int compare_operand(const FieldDef& field, const CellView& cell, const FilterOperand& operand) {
  if (const auto* text = std::get_if<std::string_view>(&cell)) {
    const auto* wanted = std::get_if<std::string>(&operand.value);
    if (wanted == nullptr) return 1;
    const int order = is_id(field) ? text->compare(*wanted) : fold_case(*text).compare(*wanted);
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (operand.upper) {
    const auto value = std::get<std::int64_t>(cell);
    return value < std::get<std::int64_t>(operand.value) ? -1 : value > *operand.upper ? 1 : 0;
  }
  const auto number = [](const auto& held) -> double {
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(held)>>) return static_cast<double>(held);
    return 0;
  };
  const double a = std::visit(number, cell);
  const double b = std::visit(number, operand.value);
  return a < b ? -1 : a > b ? 1 : 0;
}

bool contains_entry(std::string_view selected, std::string_view wanted) {
  while (true) {
    const auto end = std::min(selected.find(';'), selected.size());
    if (selected.substr(0, end) == wanted) return true;
    if (end == selected.size()) return false;
    selected.remove_prefix(end + 1);
  }
}

/// INCLUDES ('a;b','c'): one operand all of whose entries are selected.
bool includes(const CellView& cell, const std::vector<FilterOperand>& operands) {
  const auto* text = std::get_if<std::string_view>(&cell);
  if (text == nullptr) return false;
  const std::string selected = fold_case(*text);
  return std::ranges::any_of(operands, [&selected](const FilterOperand& operand) {
    const auto* wanted = std::get_if<std::string>(&operand.value);
    std::string_view rest = wanted != nullptr ? std::string_view(*wanted) : std::string_view();
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      if (!contains_entry(selected, rest.substr(0, end))) return false;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return true;
  });
}

bool equals(const FieldDef& field, const CellView& cell, const FilterOperand& operand) {
  if (is_null(cell) || is_null(operand.value)) return is_null(cell) && is_null(operand.value);
  return compare_operand(field, cell, operand) == 0;
}

bool like(const CellView& cell, const FilterOperand& operand) {
  const auto* text = std::get_if<std::string_view>(&cell);
  const auto* pattern = std::get_if<std::string>(&operand.value);
  return text != nullptr && pattern != nullptr && like_matches(fold_case(*text), *pattern);
}

bool in_keys(const FieldDef& field, const CellView& cell, const KeySet& keys) {
  const auto* text = std::get_if<std::string_view>(&cell);
  if (text == nullptr) return false;
  return is_id(field) ? keys.contains(*text) : keys.contains(fold_case(*text));
}

/// Nulls are neither less nor greater than anything, but they differ from every value (as in SOQL, unlike SQL).
bool holds(const FieldDef& field, SoqlOperator op, const CellView& cell, const std::vector<FilterOperand>& operands) {
  const auto any_equal = [&] {
    return std::ranges::any_of(operands, [&](const FilterOperand& operand) { return equals(field, cell, operand); });
  };
  const bool comparable = !is_null(cell) && !is_null(operands[0].value);
  switch (op) {
    case SoqlOperator::equal:
    case SoqlOperator::in:
      return any_equal();
    case SoqlOperator::not_equal:
    case SoqlOperator::not_in:
      return !any_equal();
    case SoqlOperator::less:
      return comparable && compare_operand(field, cell, operands[0]) < 0;
    case SoqlOperator::less_equal:
      return comparable && compare_operand(field, cell, operands[0]) <= 0;
    case SoqlOperator::greater:
      return comparable && compare_operand(field, cell, operands[0]) > 0;
    case SoqlOperator::greater_equal:
      return comparable && compare_operand(field, cell, operands[0]) >= 0;
    case SoqlOperator::like:
      return like(cell, operands[0]);
    case SoqlOperator::includes:
      return includes(cell, operands);
    case SoqlOperator::excludes:
      return !includes(cell, operands);
  }
  return false;
}

bool compare(const Filter& filter, const CellView& cell) {
  if (filter.keys == nullptr) return holds(filter.path.result(), filter.op, cell, filter.operands);
  return in_keys(filter.path.result(), cell, *filter.keys) == (filter.op == SoqlOperator::in);
}

template <typename Compare>
bool evaluate(const Filter& filter, const Compare& one) {
  const auto matches = [&one](const Filter& child) { return evaluate(child, one); };
  switch (filter.kind) {
    case SoqlCondition::Kind::all:
      return std::ranges::all_of(filter.children, matches);
    case SoqlCondition::Kind::any:
      return std::ranges::any_of(filter.children, matches);
    case SoqlCondition::Kind::negation:
      return !matches(filter.children[0]);
    case SoqlCondition::Kind::compare:
      break;
  }
  return one(filter);
}

/// The length of the UTF-8 character at the start.
std::size_t character_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
  return length;
}

}  // namespace

bool Filter::matches(const Snapshot& snapshot, const RowView& row) const {
  return evaluate(*this, [&](const Filter& filter) {
    IdBuffer id;
    std::optional<RowView> parent;
    return compare(filter, filter.path.read(snapshot, row, parent, id));
  });
}

bool Filter::matches(const std::vector<Value>& group) const {
  return evaluate(*this, [&](const Filter& filter) { return compare(filter, to_view(group[filter.path.column])); });
}

Outcome<Filter> bind_filter(const QueryContext& context, const SoqlCondition& condition) {
  if (condition.kind == SoqlCondition::Kind::compare) return bind_compare(context, condition);
  Filter filter;
  filter.kind = condition.kind;
  for (const SoqlCondition& child : condition.children) {
    auto bound = bind_filter(context, child);
    if (!bound) return bound;
    filter.children.push_back(std::move(*bound));
  }
  return filter;
}

bool like_matches(std::string_view text, std::string_view pattern) {
  // Greedy with one point of return: the last % met.
  std::string_view text_retry;
  std::string_view pattern_retry;
  bool can_retry = false;
  while (true) {
    if (!pattern.empty() && pattern.front() == '%') {
      pattern.remove_prefix(1);
      text_retry = text;
      pattern_retry = pattern;
      can_retry = true;
      continue;
    }
    if (text.empty() && pattern.empty()) return true;
    if (!text.empty() && !pattern.empty()) {
      const bool escaped = pattern.front() == '\\' && pattern.size() > 1;
      const char wanted = pattern[escaped ? 1 : 0];
      if (!escaped && wanted == '_') {
        text.remove_prefix(character_length(text));
        pattern.remove_prefix(1);
        continue;
      }
      if (text.front() == wanted) {
        text.remove_prefix(1);
        pattern.remove_prefix(escaped ? 2 : 1);
        continue;
      }
    }
    if (!can_retry || text_retry.empty()) return false;
    text_retry.remove_prefix(character_length(text_retry));
    text = text_retry;
    pattern = pattern_retry;
  }
}

}  // namespace orgsim
