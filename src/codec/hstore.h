#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duet::codec {

/// Keys and values of an hstore; a value may be NULL.
using Hstore = std::map<std::string, std::optional<std::string>, std::less<>>;

/// Reads an hstore literal as the server does: quoted and bare words, backslash escapes, NULL in any case
/// (spec/heroku-connect.md §2.1). Of equal keys the first stands. `bad_data` names the offset, never the content.
Result<Hstore> parse_hstore(std::string_view text);

/// The literal as the server prints it: keys by length, then by bytes, everything quoted but NULL.
std::string format_hstore(const Hstore& pairs);

}  // namespace duet::codec
