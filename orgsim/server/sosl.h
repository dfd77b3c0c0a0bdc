#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/schema.h"

namespace orgsim {

enum class SearchScope : std::uint8_t { all, name, email, phone };

/// What a search wants of one object.
struct SearchTarget {
  std::string object;
  std::vector<std::string> fields;  ///< paths; Id when empty
  std::string condition;            ///< SOQL after WHERE, or empty
  std::string order;                ///< SOQL after ORDER BY, or empty
  std::optional<std::size_t> limit;
};

/// A search in the subset of SOSL that clients use: words and "phrases" that must all be there, `*` and `?` in words,
/// OR between groups; IN … FIELDS; RETURNING with fields, WHERE, ORDER BY and LIMIT; LIMIT.
struct Search {
  /// One of the groups must match with all of its terms; terms are in folded case.
  std::vector<std::vector<std::string>> groups;
  SearchScope scope = SearchScope::all;
  std::vector<SearchTarget> targets;
  std::optional<std::size_t> limit;
};

/// MALFORMED_SEARCH for what is no search.
Outcome<Search> parse_sosl(std::string_view text);
/// The words between the braces of FIND, or the q of a parameterized search.
Outcome<std::vector<std::vector<std::string>>> parse_search_words(std::string_view text);
std::optional<SearchScope> parse_search_scope(std::string_view word);

/// True when the text has the term as one of its words, or, with a blank in the term, as words side by side. Both in
/// folded case.
bool matches_term(std::string_view text, std::string_view term);
/// True for fields that a search of this scope reads.
bool is_searched(const FieldDef& field, SearchScope scope);

}  // namespace orgsim
