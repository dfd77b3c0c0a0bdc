#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "orgsim/core/ascii.h"
#include "orgsim/core/soql_ast.h"
#include "orgsim/core/soql_lexer.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

constexpr std::size_t kMaxQueryLength = 100'000;
constexpr int kMaxDepth = 60;
constexpr std::size_t kContext = 40;

/// Recursive descent; the first error ends it. A method that returns false has set error_.
class Parser {
 public:
  Parser(std::string_view text, std::vector<SoqlToken> tokens) : text_(text), tokens_(std::move(tokens)) {}

  Outcome<SoqlQuery> run() {
    SoqlQuery query;
    if (!select(query) || !clauses(query)) return std::unexpected(error_);
    return query;
  }

 private:
  [[nodiscard]] const SoqlToken& now() const { return tokens_[at_]; }
  [[nodiscard]] bool is_word(std::string_view word) const {
    return now().kind == SoqlTokenKind::word && same_name(now().text, word);
  }
  bool accept_word(std::string_view word) {
    if (!is_word(word)) return false;
    ++at_;
    return true;
  }
  bool accept_symbol(std::string_view symbol) {
    if (now().kind != SoqlTokenKind::symbol || now().text != symbol) return false;
    ++at_;
    return true;
  }
  bool unexpected() {
    const std::string found = now().kind == SoqlTokenKind::end ? "<EOF>" : now().text;
    return wrong("unexpected token: '" + found + "'");
  }
  bool wrong(std::string_view message) {
    error_ = {std::string(codes::kMalformedQuery), soql_error_message(text_, now().at, message), {}};
    return false;
  }
  bool expect_word(std::string_view word) { return accept_word(word) || unexpected(); }
  bool expect_symbol(std::string_view symbol) { return accept_symbol(symbol) || unexpected(); }

  bool path(SoqlPath& out) {
    if (now().kind != SoqlTokenKind::word) return unexpected();
    out = {now().text, now().at};
    ++at_;
    return true;
  }

  bool select(SoqlQuery& query) {
    if (!expect_word("SELECT")) return false;
    if (is_word("COUNT") && tokens_[at_ + 1].text == "(" && tokens_[at_ + 2].text == ")") {
      at_ += 3;
      query.count = true;
    } else {
      do {
        if (!path(query.select.emplace_back())) return false;
      } while (accept_symbol(","));
    }
    return expect_word("FROM") && path(query.object);
  }

  bool clauses(SoqlQuery& query) {
    if (accept_word("WHERE") && !any(query.where.emplace(), 0)) return false;
    if (accept_word("ORDER") && !(expect_word("BY") && order(query))) return false;
    if (accept_word("LIMIT") && !count(query.limit.emplace())) return false;
    if (accept_word("OFFSET") && !count(query.offset.emplace())) return false;
    if (accept_word("ALL")) {
      if (!expect_word("ROWS")) return false;
      query.all_rows = true;
    }
    while (accept_word("FOR")) {
      if (!accept_word("VIEW") && !expect_word("REFERENCE")) return false;
    }
    return now().kind == SoqlTokenKind::end || unexpected();
  }

  /// a OR b … ; AND binds no tighter in SOQL: mixing the two without parentheses is an error.
  bool any(SoqlCondition& out, int depth) {
    if (depth > kMaxDepth) return wrong("the condition is nested too deep");
    SoqlCondition first;
    if (!unary(first, depth)) return false;
    const bool is_or = is_word("OR");
    if (!is_or && !is_word("AND")) {
      out = std::move(first);
      return true;
    }
    out.kind = is_or ? SoqlCondition::Kind::any : SoqlCondition::Kind::all;
    out.children.push_back(std::move(first));
    while (accept_word(is_or ? "OR" : "AND")) {
      if (!unary(out.children.emplace_back(), depth)) return false;
    }
    return (!is_word("OR") && !is_word("AND")) || unexpected();
  }

  bool unary(SoqlCondition& out, int depth) {
    if (accept_word("NOT")) {
      if (depth > kMaxDepth) return wrong("the condition is nested too deep");
      out.kind = SoqlCondition::Kind::negation;
      return unary(out.children.emplace_back(), depth + 1);
    }
    if (accept_symbol("(")) return any(out, depth + 1) && expect_symbol(")");
    return compare(out);
  }

  bool compare(SoqlCondition& out) {
    out.kind = SoqlCondition::Kind::compare;
    if (!path(out.path)) return false;
    constexpr std::array<std::pair<std::string_view, SoqlOperator>, 6> kSymbols = {{{"=", SoqlOperator::equal},
                                                                                    {"!=", SoqlOperator::not_equal},
                                                                                    {"<=", SoqlOperator::less_equal},
                                                                                    {">=", SoqlOperator::greater_equal},
                                                                                    {"<", SoqlOperator::less},
                                                                                    {">", SoqlOperator::greater}}};
    for (const auto& [symbol, op] : kSymbols) {
      if (!accept_symbol(symbol)) continue;
      out.op = op;
      return literal(out.values.emplace_back());
    }
    if (accept_word("LIKE")) {
      out.op = SoqlOperator::like;
      return literal(out.values.emplace_back());
    }
    if (accept_word("NOT")) {
      out.op = SoqlOperator::not_in;
      return expect_word("IN") && list(out);
    }
    constexpr std::array<std::pair<std::string_view, SoqlOperator>, 3> kLists = {
        {{"IN", SoqlOperator::in}, {"INCLUDES", SoqlOperator::includes}, {"EXCLUDES", SoqlOperator::excludes}}};
    for (const auto& [word, op] : kLists) {
      if (!accept_word(word)) continue;
      out.op = op;
      return list(out);
    }
    return unexpected();
  }

  bool list(SoqlCondition& out) {
    if (!expect_symbol("(")) return false;
    do {
      if (!literal(out.values.emplace_back())) return false;
    } while (accept_symbol(","));
    return expect_symbol(")");
  }

  bool literal(SoqlLiteral& out) {
    out.at = now().at;
    const SoqlToken& token = now();
    switch (token.kind) {
      case SoqlTokenKind::string:
        out.kind = SoqlLiteralKind::string;
        out.value = token.text;
        break;
      case SoqlTokenKind::number:
        if (!number(token.text, out)) return unexpected();
        break;
      case SoqlTokenKind::word:
        if (!word(token.text, out)) return unexpected();
        break;
      default:
        return unexpected();
    }
    ++at_;
    return true;
  }

  static bool number(std::string_view text, SoqlLiteral& out) {
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

  static bool word(std::string_view text, SoqlLiteral& out) {
    if (same_name(text, "null")) return true;
    if (same_name(text, "true") || same_name(text, "false")) {
      out.kind = SoqlLiteralKind::boolean;
      out.value = same_name(text, "true");
      return true;
    }
    out.kind = SoqlLiteralKind::date_range;
    if (same_name(text, "TODAY")) return true;
    if (same_name(text, "YESTERDAY") || same_name(text, "TOMORROW")) {
      out.first_day = out.last_day = same_name(text, "TOMORROW") ? 1 : -1;
      return true;
    }
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    std::int64_t days = 0;
    const std::string_view digits = text.substr(colon + 1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), days).ec != std::errc() || days > 1'000'000)
      return false;
    if (same_name(text.substr(0, colon), "LAST_N_DAYS")) {
      out.first_day = -days;
      return true;
    }
    if (!same_name(text.substr(0, colon), "NEXT_N_DAYS")) return false;
    out.first_day = 1;
    out.last_day = days;
    return true;
  }

  bool order(SoqlQuery& query) {
    do {
      SoqlOrder& item = query.order.emplace_back();
      if (!path(item.path)) return false;
      item.descending = accept_word("DESC");
      if (!item.descending) accept_word("ASC");
      if (!accept_word("NULLS")) continue;
      item.nulls_first = accept_word("FIRST");
      if (!*item.nulls_first && !expect_word("LAST")) return false;
    } while (accept_symbol(","));
    return true;
  }

  bool count(std::uint64_t& out) {
    const std::string& text = now().text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (now().kind != SoqlTokenKind::number || error != std::errc() || end != text.data() + text.size())
      return unexpected();
    ++at_;
    return true;
  }

  std::string_view text_;
  std::vector<SoqlToken> tokens_;
  std::size_t at_ = 0;
  Error error_;
};

}  // namespace

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
  // Two more ends, so that looking ahead needs no check.
  tokens->insert(tokens->end(), 2, tokens->back());
  return Parser(text, std::move(*tokens)).run();
}

}  // namespace orgsim
