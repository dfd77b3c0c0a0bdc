#include "orgsim/server/sosl.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "orgsim/core/value.h"
#include "orgsim/server/http_message.h"

namespace orgsim {
namespace {

constexpr std::size_t kTermsMax = 100;

auto malformed(std::string message) { return fail("MALFORMED_SEARCH", std::move(message)); }

/// Letters, digits and everything beyond ASCII make words; wildcards belong to a term.
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80;
}

bool matches_word(std::string_view word, std::string_view pattern) {
  // Greedy with one way back, as there is one pattern and one word.
  std::size_t w = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_word = 0;
  while (w < word.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == word[w])) {
      ++w;
      ++p;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_word = w;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      w = ++star_word;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::vector<std::string_view> words_of(std::string_view text, bool with_wildcards) {
  std::vector<std::string_view> out;
  const auto belongs = [with_wildcards](char c) { return is_word(c) || (with_wildcards && (c == '*' || c == '?')); };
  for (std::size_t at = 0; at < text.size();) {
    if (!belongs(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && belongs(text[end])) ++end;
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

/// Reads SOSL from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool done() {
    skip_blanks();
    return at_ == text_.size();
  }
  /// Takes the word when it is the next one, in any letter case.
  bool take(std::string_view word) {
    skip_blanks();
    if (!equals_ignoring_case(text_.substr(at_, word.size()), word)) return false;
    const std::size_t end = at_ + word.size();
    if (end < text_.size() && is_word(word.back()) && (is_word(text_[end]) || text_[end] == '_')) return false;
    at_ = end;
    return true;
  }
  bool at(char c) {
    skip_blanks();
    return at_ < text_.size() && text_[at_] == c;
  }
  std::string_view name() {
    skip_blanks();
    const std::size_t start = at_;
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '_' || text_[at_] == '.')) ++at_;
    return text_.substr(start, at_ - start);
  }
  std::optional<std::size_t> number() {
    skip_blanks();
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{}) return std::nullopt;
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }
  /// What stands between these two, which may nest; quotes hide them. Nothing when it does not begin or end so.
  std::optional<std::string_view> enclosed(char open, char close) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != open) return std::nullopt;
    const std::size_t start = ++at_;
    char quote = 0;
    for (int depth = 1; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\') {
        ++at_;
      } else if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '\'' && open == '(') {
        quote = c;
      } else if (c == open) {
        ++depth;
      } else if (c == close && --depth == 0) {
        return text_.substr(start, at_++ - start);
      }
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// Where the keyword stands outside quotes and parentheses; npos when it does not.
std::size_t find_keyword(std::string_view text, std::string_view keyword) {
  const std::string folded = to_lower(text);
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const char c = folded[i];
    if (c == '\\') {
      ++i;
    } else if (c == '\'') {
      quoted = !quoted;
    } else if (!quoted && (c == '(' || c == ')')) {
      depth += c == '(' ? 1 : -1;
    } else if (!quoted && depth == 0 && folded.compare(i, keyword.size(), keyword) == 0) {
      const std::size_t end = i + keyword.size();
      const bool starts = i == 0 || !is_word(folded[i - 1]);
      if (starts && (end == folded.size() || !is_word(folded[end]))) return i;
    }
  }
  return std::string_view::npos;
}

/// Cuts the clause that begins with the keyword off the end of the text; what follows the keyword.
std::string cut_clause(std::string_view& text, std::string_view keyword) {
  const std::size_t at = find_keyword(text, keyword);
  if (at == std::string_view::npos) return {};
  const std::string clause(text.substr(at + keyword.size()));
  text = text.substr(0, at);
  return clause;
}

Outcome<SearchTarget> read_target(Reader& reader) {
  SearchTarget target;
  target.object = reader.name();
  if (target.object.empty()) return malformed("unexpected token in the RETURNING clause");
  if (!reader.at('(')) return target;
  const auto inside = reader.enclosed('(', ')');
  if (!inside) return malformed("a parenthesis is not closed in the RETURNING clause");
  std::string_view text = *inside;
  // From the back, as each clause may follow the one before.
  cut_clause(text, "offset");
  if (const std::string limit = cut_clause(text, "limit"); !limit.empty()) {
    target.limit = Reader(limit).number();
    if (!target.limit) return malformed("LIMIT needs a number");
  }
  target.order = cut_clause(text, "order by");
  target.condition = cut_clause(text, "where");
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    std::string name(text.substr(at, comma - at));
    std::erase_if(name, [](unsigned char c) { return std::isspace(c) != 0; });
    if (name.empty()) return malformed("a field name is missing in the RETURNING clause");
    target.fields.push_back(std::move(name));
    at = comma + 1;
  }
  return target;
}

}  // namespace

Outcome<std::vector<std::vector<std::string>>> parse_search_words(std::string_view text) {
  std::vector<std::vector<std::string>> groups(1);
  const std::string folded = fold_case(text);
  std::size_t terms = 0;
  for (std::size_t at = 0; at < folded.size();) {
    if (folded[at] == '"') {
      const std::size_t end = std::min(folded.find('"', at + 1), folded.size());
      std::string phrase;
      for (const std::string_view word : words_of(std::string_view(folded).substr(at + 1, end - at - 1), true)) {
        phrase += (phrase.empty() ? "" : " ") + std::string(word);
      }
      if (!phrase.empty()) groups.back().push_back(phrase);
      at = end + 1;
      continue;
    }
    const std::size_t end = std::min(folded.find_first_of(" \t\r\n\"()", at), folded.size());
    const std::string_view piece = std::string_view(folded).substr(at, end - at);
    at = end < folded.size() && folded[end] != '"' ? end + 1 : end;
    if (piece == "or") {
      if (!groups.back().empty()) groups.emplace_back();
    } else if (piece != "and") {
      for (const std::string_view word : words_of(piece, true)) groups.back().emplace_back(word);
    }
    if (++terms > kTermsMax) return malformed("the search has too many terms");
  }
  if (groups.back().empty()) groups.pop_back();
  if (groups.empty()) return malformed("search term must be longer than one character: ");
  for (const auto& group : groups) {
    for (const std::string& term : group) {
      if (term.size() < 2) {
        return malformed("search term must be longer than one character: " + term);
      }
    }
  }
  return groups;
}

std::optional<SearchScope> parse_search_scope(std::string_view word) {
  if (equals_ignoring_case(word, "all") || equals_ignoring_case(word, "sidebar")) return SearchScope::all;
  if (equals_ignoring_case(word, "name")) return SearchScope::name;
  if (equals_ignoring_case(word, "email")) return SearchScope::email;
  if (equals_ignoring_case(word, "phone")) return SearchScope::phone;
  return std::nullopt;
}

Outcome<Search> parse_sosl(std::string_view text) {
  Reader reader(text);
  Search out;
  if (!reader.take("find")) return malformed("A search begins with FIND");
  const auto words = reader.enclosed('{', '}');
  if (!words) return malformed("No search term found. The search term must be enclosed in braces.");
  auto groups = parse_search_words(*words);
  if (!groups) return std::unexpected(groups.error());
  out.groups = *std::move(groups);
  if (reader.take("in")) {
    const auto scope = parse_search_scope(reader.name());
    if (!scope || !reader.take("fields")) return malformed("IN needs ALL, NAME, EMAIL, PHONE or SIDEBAR FIELDS");
    out.scope = *scope;
  }
  if (reader.take("returning")) {
    do {
      Outcome<SearchTarget> target = read_target(reader);
      if (!target) return std::unexpected(target.error());
      out.targets.push_back(*std::move(target));
    } while (reader.take(","));
  }
  if (reader.take("limit")) {
    out.limit = reader.number();
    if (!out.limit) return malformed("LIMIT needs a number");
  }
  if (!reader.done()) return malformed("unexpected token after the search");
  return out;
}

bool matches_term(std::string_view text, std::string_view term) {
  const std::vector<std::string_view> words = words_of(text, false);
  const std::vector<std::string_view> wanted = words_of(term, true);
  if (wanted.empty() || wanted.size() > words.size()) return false;
  for (std::size_t from = 0; from + wanted.size() <= words.size(); ++from) {
    bool all = true;
    for (std::size_t i = 0; all && i < wanted.size(); ++i) all = matches_word(words[from + i], wanted[i]);
    if (all) return true;
  }
  return false;
}

bool is_searched(const FieldDef& field, SearchScope scope) {
  if (field.removed || is_compound(field.type)) return false;
  switch (scope) {
    case SearchScope::name:
      return field.name_field;
    case SearchScope::email:
      return field.type == FieldType::email;
    case SearchScope::phone:
      return field.type == FieldType::phone;
    case SearchScope::all:
      break;
  }
  switch (field.type) {
    case FieldType::string:
    case FieldType::textarea:
    case FieldType::email:
    case FieldType::phone:
    case FieldType::url:
      return true;
    default:
      return false;
  }
}

}  // namespace orgsim
