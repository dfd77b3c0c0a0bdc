#include "orgsim/core/soql_reader.h"

#include <fmt/format.h>

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
  out = {now().text, now().at, SoqlFunction::none};
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
  // The outer function is what counts: DAY_ONLY(convertTimezone(f)) and the like are not known.
  if (*function == SoqlFunction::count && is_symbol(")")) {
    out = {};
  } else if (!path(out)) {
    return false;
  }
  out.at = at;
  out.function = *function;
  return expect_symbol(")");
}

}  // namespace orgsim
