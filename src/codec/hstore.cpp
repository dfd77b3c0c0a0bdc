#include "codec/hstore.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "model/schema.h"

namespace duet::codec {
namespace {

struct Word {
  std::string text;
  bool quoted = false;
};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Hstore> parse() {
    Hstore pairs;
    while (true) {
      skip_spaces();
      if (at_end()) return pairs;
      if (peek() == '=') return bad("a key is missing");
      Word key = DUET_TRY(word('='));
      skip_spaces();
      if (!accept('=') || !accept('>')) return bad("'=>' is missing");
      skip_spaces();
      if (at_end()) return bad("a value is missing");
      Word value = DUET_TRY(word(','));
      const bool null = !value.quoted && equals_ignoring_case(value.text, "null");
      pairs.try_emplace(std::move(key.text), null ? std::nullopt : std::optional(std::move(value.text)));
      skip_spaces();
      if (!at_end() && !accept(',')) return bad("',' is missing");
    }
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return text_[at_]; }

  bool accept(char c) {
    if (at_end() || peek() != c) return false;
    ++at_;
    return true;
  }

  void skip_spaces() {
    while (!at_end() && is_space(peek())) ++at_;
  }

  /// A bare word ends at a space or at `stop`: in a key a comma is an ordinary character, in a value an equals sign is.
  /// Its first character can be either: callers have skipped spaces, and know that a key does not begin with an equals
  /// sign.
  Result<Word> word(char stop) {
    Word word;
    word.quoted = accept('"');
    bool first = true;
    while (true) {
      if (at_end()) {
        if (word.quoted) return bad("a quote is not closed");
        return word;
      }
      char c = peek();
      if (word.quoted ? c == '"' : !first && (c == stop || is_space(c))) {
        if (word.quoted) ++at_;
        return word;
      }
      first = false;
      ++at_;
      if (c == '\\') {
        if (at_end()) return bad("nothing follows a backslash");
        c = text_[at_++];
      }
      word.text += c;
    }
  }

  std::unexpected<Error> bad(std::string_view what) const {
    return fail(ErrorKind::bad_data, fmt::format("not an hstore: {} at offset {}", what, at_));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

Result<Hstore> parse_hstore(std::string_view text) { return Parser(text).parse(); }

std::string format_hstore(const Hstore& pairs) {
  std::vector<const Hstore::value_type*> order;
  order.reserve(pairs.size());
  for (const auto& pair : pairs) order.push_back(&pair);
  std::ranges::stable_sort(order, {}, [](const auto* pair) { return pair->first.size(); });
  std::string out;
  for (const auto* pair : order) {
    if (!out.empty()) out += ", ";
    append_quoted(out, pair->first);
    out += "=>";
    if (pair->second) {
      append_quoted(out, *pair->second);
    } else {
      out += "NULL";
    }
  }
  return out;
}

}  // namespace duet::codec
