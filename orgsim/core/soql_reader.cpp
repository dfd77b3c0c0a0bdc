#include "orgsim/core/soql_reader.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "orgsim/core/ascii.h"

namespace orgsim {

bool SoqlReader::is_word(std::string_view word) const {
  return now().kind == SoqlTokenKind::word && same_name(now().text, word);
}

bool SoqlReader::is_symbol(std::string_view symbol) const {
  return now().kind == SoqlTokenKind::symbol && now().text == symbol;
}

bool SoqlReader::accept_word(std::string_view word) {
  if (!is_word(word)) return false;
  advance();
  return true;
}

bool SoqlReader::accept_symbol(std::string_view symbol) {
  if (!is_symbol(symbol)) return false;
  advance();
  return true;
}

bool SoqlReader::unexpected() {
  return wrong("unexpected token: '" + (at_end() ? std::string("<EOF>") : now().text) + "'");
}

bool SoqlReader::wrong(std::string_view message) {
  error_ = make_error(codes::kMalformedQuery, soql_error_message(text_, now().at, message));
  return false;
}

bool SoqlReader::path(SoqlPath& out) {
  if (now().kind != SoqlTokenKind::word) return unexpected();
  out = {now().text, now().at, SoqlFunction::none, {}};
  advance();
  return true;
}

bool SoqlReader::expression(SoqlPath& out) {
  if (!path(out)) return false;
  if (!is_symbol("(")) return true;
  const auto function = parse_soql_function(out.text);
  if (!function) return wrong("unexpected token: '('");
  const std::size_t at = out.at;
  advance();
  if (*function == SoqlFunction::distance) {
    const bool read = distance(out);
    out.at = at;
    return read;
  }
  if (*function == SoqlFunction::format && is_word("convertCurrency") && ahead(1).text == "(") {
    advance();
    advance();
    if (!path(out)) return false;
    out.at = at;
    out.function = SoqlFunction::format_converted;
    return expect_symbol(")") && expect_symbol(")");
  }
  // No other function stands inside another: DAY_ONLY(convertTimezone(f)) and the like are not known.
  if (*function == SoqlFunction::count && is_symbol(")")) {
    out = {};
  } else if (!path(out)) {
    return false;
  }
  out.at = at;
  out.function = *function;
  return expect_symbol(")");
}

bool SoqlReader::number(double& out) {
  const std::string& text = now().text;
  const char* end = text.data() + text.size();
  if (now().kind != SoqlTokenKind::number || std::from_chars(text.data(), end, out).ptr != end) return unexpected();
  advance();
  return true;
}

bool SoqlReader::distance(SoqlPath& out) {
  if (!path(out) || !expect_symbol(",") || !expect_word("GEOLOCATION") || !expect_symbol("(")) return false;
  out.function = SoqlFunction::distance;
  if (!number(out.place.latitude) || !expect_symbol(",") || !number(out.place.longitude)) return false;
  if (!expect_symbol(")") || !expect_symbol(",")) return false;
  if (now().kind != SoqlTokenKind::string || (now().text != "mi" && now().text != "km")) return unexpected();
  out.place.in_miles = now().text == "mi";
  advance();
  const bool on_earth = std::abs(out.place.latitude) <= 90 && std::abs(out.place.longitude) <= 180;
  return on_earth ? expect_symbol(")") : wrong("a latitude is from -90 to 90 and a longitude from -180 to 180");
}

}  // namespace orgsim
