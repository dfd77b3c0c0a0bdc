#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "orgsim/core/ascii.h"
#include "orgsim/core/soql_reader.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

bool number(std::string_view text, SoqlLiteral& out) {
  if (const auto moment = parse_datetime(text)) {
    out.kind = SoqlLiteralKind::datetime;
    out.value = *moment;
    return true;
  }
  if (const auto days = parse_date(text)) {
    out.kind = SoqlLiteralKind::date;
    out.value = *days;
    return true;
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  out.kind = SoqlLiteralKind::number;
  out.value = value;
  return error == std::errc() && end == text.data() + text.size();
}

/// "USD5000.50"
bool amount(std::string_view text, SoqlLiteral& out) {
  if (text.size() < 4 || !std::ranges::all_of(text.substr(0, 3), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return false;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data() + 3, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  out.kind = SoqlLiteralKind::number;
  out.value = value;
  out.currency = text.substr(0, 3);
  return true;
}

bool word(std::string_view text, SoqlLiteral& out) {
  if (same_name(text, "null")) return true;
  if (amount(text, out)) return true;
  if (same_name(text, "true") || same_name(text, "false")) {
    out.kind = SoqlLiteralKind::boolean;
    out.value = same_name(text, "true");
    return true;
  }
  const auto range = parse_soql_date(text);
  out.kind = SoqlLiteralKind::date_range;
  out.range = range.value_or(SoqlDateRange{});
  return range.has_value();
}

bool literal(SoqlReader& in, SoqlLiteral& out) {
  out.at = in.now().at;
  const SoqlToken& token = in.now();
  switch (token.kind) {
    case SoqlTokenKind::string:
      out.kind = SoqlLiteralKind::string;
      out.value = token.text;
      break;
    case SoqlTokenKind::number:
      if (!number(token.text, out)) return in.unexpected();
      break;
    case SoqlTokenKind::word:
      if (!word(token.text, out)) return in.unexpected();
      break;
    default:
      return in.unexpected();
  }
  in.advance();
  return true;
}

bool list(SoqlReader& in, SoqlCondition& out, int depth) {
  if (!in.expect_symbol("(")) return false;
  const bool may_select = out.op == SoqlOperator::in || out.op == SoqlOperator::not_in;
  if (may_select && in.is_word("SELECT")) {
    out.subquery = std::make_shared<SoqlQuery>();
    return parse_soql_query(in, *out.subquery, depth + 1) && in.expect_symbol(")");
  }
  do {
    if (!literal(in, out.values.emplace_back())) return false;
  } while (in.accept_symbol(","));
  return in.expect_symbol(")");
}

bool compare(SoqlReader& in, SoqlCondition& out, int depth) {
  out.kind = SoqlCondition::Kind::compare;
  if (!in.expression(out.path)) return false;
  constexpr std::array<std::pair<std::string_view, SoqlOperator>, 6> kSymbols = {{{"=", SoqlOperator::equal},
                                                                                  {"!=", SoqlOperator::not_equal},
                                                                                  {"<=", SoqlOperator::less_equal},
                                                                                  {">=", SoqlOperator::greater_equal},
                                                                                  {"<", SoqlOperator::less},
                                                                                  {">", SoqlOperator::greater}}};
  for (const auto& [symbol, op] : kSymbols) {
    if (!in.accept_symbol(symbol)) continue;
    out.op = op;
    return literal(in, out.values.emplace_back());
  }
  if (in.accept_word("LIKE")) {
    out.op = SoqlOperator::like;
    return literal(in, out.values.emplace_back());
  }
  if (in.accept_word("NOT")) {
    out.op = SoqlOperator::not_in;
    return in.expect_word("IN") && list(in, out, depth);
  }
  constexpr std::array<std::pair<std::string_view, SoqlOperator>, 3> kLists = {
      {{"IN", SoqlOperator::in}, {"INCLUDES", SoqlOperator::includes}, {"EXCLUDES", SoqlOperator::excludes}}};
  for (const auto& [name, op] : kLists) {
    if (!in.accept_word(name)) continue;
    out.op = op;
    return list(in, out, depth);
  }
  return in.unexpected();
}

bool unary(SoqlReader& in, SoqlCondition& out, int depth) {
  if (depth > SoqlReader::kDepthMax) return in.wrong("the condition is nested too deep");
  if (in.accept_word("NOT")) {
    out.kind = SoqlCondition::Kind::negation;
    return unary(in, out.children.emplace_back(), depth + 1);
  }
  if (in.accept_symbol("(")) return parse_soql_condition(in, out, depth + 1) && in.expect_symbol(")");
  return compare(in, out, depth);
}

}  // namespace

bool parse_soql_condition(SoqlReader& in, SoqlCondition& out, int depth) {
  SoqlCondition first;
  if (!unary(in, first, depth)) return false;
  const bool is_or = in.is_word("OR");
  if (!is_or && !in.is_word("AND")) {
    out = std::move(first);
    return true;
  }
  out.kind = is_or ? SoqlCondition::Kind::any : SoqlCondition::Kind::all;
  out.children.push_back(std::move(first));
  while (in.accept_word(is_or ? "OR" : "AND")) {
    if (!unary(in, out.children.emplace_back(), depth)) return false;
  }
  return (!in.is_word("OR") && !in.is_word("AND")) || in.unexpected();
}

}  // namespace orgsim
