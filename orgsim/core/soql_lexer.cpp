#include "orgsim/core/soql_lexer.h"

#include <charconv>
#include <cstdint>

#include "orgsim/core/soql_ast.h"

namespace orgsim {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Outcome<std::vector<SoqlToken>> run() {
    std::vector<SoqlToken> tokens;
    while (true) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      SoqlToken token{SoqlTokenKind::end, {}, at_};
      if (at_ == text_.size()) {
        tokens.push_back(std::move(token));
        return tokens;
      }
      const char c = text_[at_];
      if (is_letter(c)) {
        word(token);
      } else if (is_digit(c) || ((c == '-' || c == '+') && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
        number(token);
      } else if (c == '\'') {
        if (auto read = string(token); !read) return std::unexpected(read.error());
      } else if (!symbol(token)) {
        return fail(codes::kMalformedQuery,
                    soql_error_message(text_, at_, "unexpected token: '" + std::string(1, c) + "'"));
      }
      tokens.push_back(std::move(token));
    }
  }

 private:
  void word(SoqlToken& token) {
    token.kind = SoqlTokenKind::word;
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    if (at_ + 1 < text_.size() && text_[at_] == ':' && is_digit(text_[at_ + 1])) {
      ++at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    }
    token.text = text_.substr(start, at_ - start);
  }

  void number(SoqlToken& token) {
    token.kind = SoqlTokenKind::number;
    const std::size_t start = at_++;
    const auto belongs = [](char c) {
      return is_digit(c) || is_letter(c) || c == '-' || c == '+' || c == ':' || c == '.';
    };
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    token.text = text_.substr(start, at_ - start);
  }

  Outcome<void> string(SoqlToken& token) {
    token.kind = SoqlTokenKind::string;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\'') {
        ++at_;
        return {};
      }
      if (text_[at_] != '\\') {
        token.text.push_back(text_[at_]);
      } else if (auto escaped = escape(token.text); !escaped) {
        return escaped;
      }
    }
    return fail(codes::kMalformedQuery, soql_error_message(text_, token.at, "line 1: unterminated string"));
  }

  /// Reads the escape that starts at the backslash; leaves at_ on its last character.
  Outcome<void> escape(std::string& out) {
    const char c = ++at_ < text_.size() ? text_[at_] : '\0';
    switch (c) {
      case 'n':
        out.push_back('\n');
        return {};
      case 'r':
        out.push_back('\r');
        return {};
      case 't':
        out.push_back('\t');
        return {};
      case 'b':
        out.push_back('\b');
        return {};
      case 'f':
        out.push_back('\f');
        return {};
      case '\'':
      case '"':
        out.push_back(c);
        return {};
      case '\\':
      case '%':
      case '_':
        // Kept escaped: only LIKE tells them from wildcards, see unescape_plain.
        out.push_back('\\');
        out.push_back(c);
        return {};
      case 'u':
      case 'U': {
        std::uint32_t code = 0;
        const std::string_view digits = text_.substr(at_ + 1 <= text_.size() ? at_ + 1 : text_.size(), 4);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (error == std::errc() && end == digits.data() + 4) {
          append_utf8(out, code);
          at_ += 4;
          return {};
        }
        break;
      }
      default:
        break;
    }
    return fail(codes::kMalformedQuery, soql_error_message(text_, at_, "Invalid string escape"));
  }

  bool symbol(SoqlToken& token) {
    token.kind = SoqlTokenKind::symbol;
    for (const std::string_view two : {"!=", "<>", "<=", ">="}) {
      if (text_.substr(at_, 2) != two) continue;
      token.text = two == "<>" ? "!=" : two;
      at_ += 2;
      return true;
    }
    if (std::string_view("(),=<>").find(text_[at_]) == std::string_view::npos) return false;
    token.text = text_[at_++];
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Outcome<std::vector<SoqlToken>> tokenise_soql(std::string_view text) { return Lexer(text).run(); }

}  // namespace orgsim
