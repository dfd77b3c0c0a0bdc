#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"

namespace orgsim {

enum class SoqlTokenKind : unsigned char { word, number, string, symbol, end };

/// A word keeps dots and a trailing ":n" (paths, LAST_N_DAYS:5); a number may be a date or a date-time; a string is
/// unescaped, but for \% and \_, which stay for LIKE.
struct SoqlToken {
  SoqlTokenKind kind = SoqlTokenKind::end;
  std::string text;
  std::size_t at = 0;
};

/// Tokens of the text, ending with one of kind `end`. MALFORMED_QUERY for open strings and foreign characters.
[[nodiscard]] Outcome<std::vector<SoqlToken>> tokenise_soql(std::string_view text);

}  // namespace orgsim
