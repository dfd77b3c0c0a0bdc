#include "rules/formula_names.h"

#include <algorithm>
#include <array>

#include "model/schema.h"

namespace duet::rules {
namespace {

constexpr std::array<std::string_view, 3> kConstants = {"true", "false", "null"};
constexpr std::array<std::string_view, 3> kClocks = {"today", "now", "timenow"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  FormulaNames names() && {
    while (at_ < text_.size()) step();
    return std::move(names_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void step() {
    const char c = peek();
    if (c == '"' || c == '\'') return skip_text(c);
    if (c == '/' && peek(1) == '*') return skip_comment();
    if (is_digit(c)) return skip_number();
    if (is_letter(c)) return name();
    ++at_;
  }

  void skip_text(char quote) {
    for (++at_; at_ < text_.size() && peek() != quote; ++at_) {
      if (peek() == '\\') ++at_;
    }
    ++at_;
  }

  void skip_comment() {
    const auto end = text_.find("*/", at_ + 2);
    at_ = end == std::string_view::npos ? text_.size() : end + 2;
  }

  void skip_number() {
    while (is_digit(peek()) || is_letter(peek()) || (peek() == '.' && is_digit(peek(1)))) ++at_;
  }

  void skip_space() {
    while (is_space(peek())) ++at_;
  }

  std::string segment() {
    const std::size_t from = at_;
    while (is_letter(peek()) || is_digit(peek()) || (peek() == ':' && is_letter(peek(1)))) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }

  void name() {
    std::vector<std::string> path{segment()};
    skip_space();
    while (peek() == '.') {
      ++at_;
      skip_space();
      if (!is_letter(peek())) break;
      path.push_back(segment());
      skip_space();
    }
    const std::string first = to_lower(path.front());
    if (path.size() == 1 && peek() == '(') {
      names_.follows_the_clock |= std::ranges::find(kClocks, first) != kClocks.end();
    } else if (path.size() > 1 || std::ranges::find(kConstants, first) == kConstants.end()) {
      if (std::ranges::find(names_.paths, path) == names_.paths.end()) names_.paths.push_back(std::move(path));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  FormulaNames names_;
};

}  // namespace

FormulaNames formula_names(std::string_view formula) { return Scanner(formula).names(); }

}  // namespace duet::rules
