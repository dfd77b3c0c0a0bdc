#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/soql_ast.h"
#include "orgsim/core/soql_lexer.h"

namespace orgsim {

/// The tokens of a query, read from left to right. A method that returns false has set error().
class SoqlReader {
 public:
  /// How deep conditions, and queries in them, may be nested.
  static constexpr int kDepthMax = 60;

  /// `tokens` end with one of kind `end`.
  SoqlReader(std::string_view text, std::vector<SoqlToken> tokens) : text_(text), tokens_(std::move(tokens)) {}

  [[nodiscard]] const SoqlToken& now() const { return tokens_[at_]; }
  [[nodiscard]] const SoqlToken& ahead(std::size_t count) const {
    return tokens_[std::min(at_ + count, tokens_.size() - 1)];
  }
  void advance() { ++at_; }
  [[nodiscard]] bool at_end() const { return now().kind == SoqlTokenKind::end; }
  [[nodiscard]] bool is_word(std::string_view word) const;
  [[nodiscard]] bool is_symbol(std::string_view symbol) const;
  bool accept_word(std::string_view word);
  bool accept_symbol(std::string_view symbol);
  bool expect_word(std::string_view word) { return accept_word(word) || unexpected(); }
  bool expect_symbol(std::string_view symbol) { return accept_symbol(symbol) || unexpected(); }
  bool unexpected();
  bool wrong(std::string_view message);
  /// The next token, which must be a word.
  bool path(SoqlPath& out);
  /// A word, or a function of one.
  bool expression(SoqlPath& out);
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  bool number(double& out);
  bool distance(SoqlPath& out);

  std::string_view text_;
  std::vector<SoqlToken> tokens_;
  std::size_t at_ = 0;
  Error error_;
};

/// a OR b …; AND binds no tighter in SOQL: mixing the two without parentheses is an error.
bool parse_soql_condition(SoqlReader& in, SoqlCondition& out, int depth);
/// From SELECT on, up to the first token that does not belong to the query.
bool parse_soql_query(SoqlReader& in, SoqlQuery& out, int depth);

}  // namespace orgsim
