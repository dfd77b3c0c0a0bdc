#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "orgsim/core/ascii.h"
#include "orgsim/core/soql_reader.h"

namespace orgsim {

namespace {

constexpr std::size_t kMaxQueryLength = 100'000;
constexpr std::size_t kContext = 40;
/// Sub-queries inside sub-queries: as the org since version 58.
constexpr int kMaxSubqueries = 5;
constexpr std::size_t kMaxSubtotalFields = 3;

/// Words that cannot be the alias of an item or an object.
bool is_keyword(const SoqlToken& token) {
  constexpr std::array<std::string_view, 17> kKeywords = {"FROM",   "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT",
                                                          "OFFSET", "ALL",   "FOR",   "USING",  "WITH",  "UPDATE",
                                                          "AND",    "OR",    "NOT",   "ASC",    "DESC"};
  return std::ranges::any_of(kKeywords, [&token](std::string_view word) { return same_name(word, token.text); });
}

bool paths(SoqlReader& in, std::vector<SoqlPath>& out) {
  do {
    if (!in.path(out.emplace_back())) return false;
  } while (in.accept_symbol(","));
  return true;
}

bool type_of(SoqlReader& in, SoqlTypeof& out) {
  if (!in.path(out.path)) return false;
  while (in.accept_word("WHEN")) {
    SoqlTypeof::Branch& branch = out.branches.emplace_back();
    if (!in.path(branch.object) || !in.expect_word("THEN") || !paths(in, branch.fields)) return false;
  }
  if (out.branches.empty()) return in.unexpected();
  if (in.accept_word("ELSE") && !paths(in, out.otherwise)) return false;
  return in.expect_word("END");
}

bool field_set(SoqlReader& in, SoqlSelectItem& out) {
  out.path.at = in.now().at;
  in.advance();
  in.advance();
  if (in.accept_word("ALL")) {
    out.fields = SoqlFieldSet::all;
  } else if (in.accept_word("STANDARD")) {
    out.fields = SoqlFieldSet::standard;
  } else if (in.accept_word("CUSTOM")) {
    out.fields = SoqlFieldSet::custom;
  } else {
    return in.unexpected();
  }
  return in.expect_symbol(")");
}

bool select_item(SoqlReader& in, SoqlSelectItem& out, int depth) {
  if (in.is_word("FROM")) return in.unexpected();
  if (in.is_symbol("(")) {
    if (depth > kMaxSubqueries) return in.wrong("sub-queries are nested too deep");
    out.path.at = in.now().at;
    in.advance();
    out.subquery = std::make_shared<SoqlQuery>();
    return parse_soql_query(in, *out.subquery, depth + 1) && in.expect_symbol(")");
  }
  if (in.is_word("TYPEOF") && in.ahead(1).kind == SoqlTokenKind::word && !is_keyword(in.ahead(1))) {
    out.path.at = in.now().at;
    in.advance();
    out.type_of = std::make_shared<SoqlTypeof>();
    return type_of(in, *out.type_of);
  }
  if (in.is_word("FIELDS") && in.ahead(1).text == "(") return field_set(in, out);
  if (!in.expression(out.path)) return false;
  if (in.now().kind == SoqlTokenKind::word && !is_keyword(in.now())) {
    out.alias = in.now().text;
    in.advance();
  }
  return true;
}

bool select(SoqlReader& in, SoqlQuery& out, int depth) {
  if (!in.expect_word("SELECT")) return false;
  if (in.is_word("COUNT") && in.ahead(1).text == "(" && in.ahead(2).text == ")" &&
      same_name(in.ahead(3).text, "FROM")) {
    for (int i = 0; i < 3; ++i) in.advance();
    out.count = true;
    return true;
  }
  do {
    if (!select_item(in, out.select.emplace_back(), depth)) return false;
  } while (in.accept_symbol(","));
  return true;
}

bool order(SoqlReader& in, SoqlQuery& out) {
  do {
    SoqlOrder& item = out.order.emplace_back();
    if (!in.expression(item.path)) return false;
    item.descending = in.accept_word("DESC");
    if (!item.descending) in.accept_word("ASC");
    if (!in.accept_word("NULLS")) continue;
    item.nulls_first = in.accept_word("FIRST");
    if (!*item.nulls_first && !in.expect_word("LAST")) return false;
  } while (in.accept_symbol(","));
  return true;
}

bool group(SoqlReader& in, SoqlQuery& out) {
  if (!in.expect_word("BY")) return false;
  if (in.ahead(1).text == "(") {
    if (in.is_word("ROLLUP")) out.grouping = SoqlGrouping::rollup;
    if (in.is_word("CUBE")) out.grouping = SoqlGrouping::cube;
  }
  const bool subtotals = out.grouping != SoqlGrouping::plain;
  if (subtotals) {
    in.advance();
    in.advance();
  }
  do {
    if (!in.expression(out.group.emplace_back())) return false;
  } while (in.accept_symbol(","));
  if (subtotals && (out.group.size() > kMaxSubtotalFields || !in.expect_symbol(")"))) {
    return in.wrong(fmt::format("GROUP BY ROLLUP and CUBE take at most {} fields", kMaxSubtotalFields));
  }
  return !in.accept_word("HAVING") || parse_soql_condition(in, out.having.emplace(), 0);
}

bool count(SoqlReader& in, std::uint64_t& out) {
  const std::string& text = in.now().text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (in.now().kind != SoqlTokenKind::number || error != std::errc() || end != text.data() + text.size()) {
    return in.unexpected();
  }
  in.advance();
  return true;
}

/// Paths that begin with the object's alias lose it.
class Unalias {
 public:
  explicit Unalias(std::string_view alias) : alias_(alias) {}

  void query(SoqlQuery& query) const {
    for (SoqlSelectItem& item : query.select) {
      path(item.path);
      if (item.type_of) path(item.type_of->path);
      // "FROM a.Contacts" names the children of the outer object.
      if (item.subquery) path(item.subquery->object);
    }
    if (query.where) condition(*query.where);
    if (query.having) condition(*query.having);
    for (SoqlPath& one : query.group) path(one);
    for (SoqlOrder& one : query.order) path(one.path);
  }

 private:
  void path(SoqlPath& path) const {
    const std::size_t dot = path.text.find('.');
    if (dot != std::string::npos && same_name(std::string_view(path.text).substr(0, dot), alias_)) {
      path.text.erase(0, dot + 1);
    }
  }
  void condition(SoqlCondition& one) const {
    path(one.path);
    for (SoqlCondition& child : one.children) condition(child);
  }
  std::string_view alias_;
};

bool from(SoqlReader& in, SoqlQuery& out, std::string& alias) {
  if (!in.expect_word("FROM") || !in.path(out.object)) return false;
  in.accept_word("AS");
  if (in.now().kind == SoqlTokenKind::word && !is_keyword(in.now())) {
    alias = in.now().text;
    in.advance();
  }
  if (!in.accept_word("USING")) return true;
  SoqlPath scope;
  return in.expect_word("SCOPE") && in.path(scope);
}

}  // namespace

bool parse_soql_query(SoqlReader& in, SoqlQuery& out, int depth) {
  if (depth > SoqlReader::kDepthMax) return in.wrong("the query is nested too deep");
  std::string alias;
  if (!select(in, out, depth) || !from(in, out, alias)) return false;
  if (in.accept_word("WHERE") && !parse_soql_condition(in, out.where.emplace(), depth)) return false;
  if (in.accept_word("GROUP") && !group(in, out)) return false;
  if (in.accept_word("ORDER") && !(in.expect_word("BY") && order(in, out))) return false;
  if (in.accept_word("LIMIT") && !count(in, out.limit.emplace())) return false;
  if (in.accept_word("OFFSET") && !count(in, out.offset.emplace())) return false;
  out.all_rows_at = in.now().at;
  if (in.accept_word("ALL")) {
    if (!in.expect_word("ROWS")) return false;
    out.all_rows = true;
  }
  while (in.accept_word("FOR")) {
    if (!in.accept_word("VIEW") && !in.expect_word("REFERENCE")) return false;
  }
  if (!alias.empty()) Unalias(alias).query(out);
  return true;
}

std::string soql_error_message(std::string_view text, std::size_t at, std::string_view message) {
  std::size_t row = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < at && i < text.size(); ++i) {
    if (text[i] != '\n') continue;
    ++row;
    line_start = i + 1;
  }
  // Long lines are cut around the place.
  const std::size_t shown_from = at - line_start > kContext ? at - kContext : line_start;
  const std::size_t line_end = std::min(text.find('\n', line_start), text.size());
  const std::size_t shown_to = std::min(line_end, std::max(at, shown_from) + kContext);
  return fmt::format("\n{}\n{:>{}}\nERROR at Row:{}:Column:{}\n{}", text.substr(shown_from, shown_to - shown_from), '^',
                     at - shown_from + 1, row, at - line_start + 1, message);
}

Outcome<SoqlQuery> parse_soql(std::string_view text) {
  if (text.size() > kMaxQueryLength) {
    return fail(codes::kMalformedQuery,
                fmt::format("SOQL statements cannot be longer than {} characters.", kMaxQueryLength));
  }
  auto tokens = tokenise_soql(text);
  if (!tokens) return std::unexpected(tokens.error());
  SoqlReader in(text, std::move(*tokens));
  SoqlQuery query;
  if (!parse_soql_query(in, query, 0)) return std::unexpected(in.error());
  if (!in.at_end()) {
    in.unexpected();
    return std::unexpected(in.error());
  }
  return query;
}

}  // namespace orgsim
