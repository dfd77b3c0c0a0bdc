#include "orgsim/core/value.h"

namespace orgsim {

namespace {

/// Decodes one UTF-8 sequence at `at`; length 0 for an invalid one.
struct Decoded {
  std::uint32_t code = 0;
  std::size_t length = 0;
};

Decoded decode(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || at + length > text.size()) return {};
  if (length == 1) return {lead, 1};
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0) != 0x80) return {};
    code = (code << 6) | (next & 0x3F);
  }
  return {code, length};
}

std::uint32_t fold(std::uint32_t code) {
  if (code >= 0xC0 && code <= 0xDE && code != 0xD7) return code + 0x20;
  if (code >= 0x100 && code <= 0x137) return code | 1;
  if (code >= 0x139 && code <= 0x148) return (code & 1) != 0 ? code + 1 : code;
  if (code >= 0x14A && code <= 0x177) return code | 1;
  if (code == 0x178) return 0xFF;
  if (code >= 0x179 && code <= 0x17E) return (code & 1) != 0 ? code + 1 : code;
  if (code >= 0x391 && code <= 0x3A9 && code != 0x3A2) return code + 0x20;
  if (code >= 0x410 && code <= 0x42F) return code + 0x20;
  if (code >= 0x400 && code <= 0x40F) return code + 0x50;
  return code;
}

}  // namespace

Value to_value(const CellView& cell) {
  if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  return {};
}

CellView to_view(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return std::string_view(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return {};
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Decoded decoded = decode(text, at);
    const bool overlong =
        (decoded.length == 3 && decoded.code < 0x800) || (decoded.length == 4 && decoded.code < 0x10000);
    const bool surrogate = decoded.code >= 0xD800 && decoded.code <= 0xDFFF;
    if (decoded.length == 0 || overlong || surrogate || decoded.code > 0x10FFFF) return false;
    at += decoded.length;
  }
  return true;
}

std::string fold_case(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80) {
      folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
      ++at;
      continue;
    }
    const Decoded decoded = decode(text, at);
    // Everything that fold changes or keeps in range is two bytes long on both sides.
    if (decoded.length == 2) {
      const std::uint32_t code = fold(decoded.code);
      folded.push_back(static_cast<char>(0xC0 | (code >> 6)));
      folded.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    } else {
      folded.append(text.substr(at, decoded.length == 0 ? 1 : decoded.length));
    }
    at += decoded.length == 0 ? 1 : decoded.length;
  }
  return folded;
}

}  // namespace orgsim
