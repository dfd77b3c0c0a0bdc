#include "codec/change_bitmap.h"

#include <charconv>
#include <string>

namespace duet::codec {
namespace {

constexpr std::size_t kMaxElements = 1'000;
constexpr std::size_t kMaxDigits = 8'192;
constexpr int kMaxParent = 100'000;

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorKind::bad_data, "The event's list of changed fields cannot be read", "BITMAP", std::string(what));
}

Result<FieldPositions> decode(std::string_view element) {
  FieldPositions result;
  if (auto dash = element.find('-'); dash != std::string_view::npos) {
    auto [end, error] = std::from_chars(element.data(), element.data() + dash, result.parent);
    if (error != std::errc() || end != element.data() + dash || result.parent < 0 || result.parent > kMaxParent)
      return bad("parent");
    element.remove_prefix(dash + 1);
  }
  if (!element.starts_with("0x") && !element.starts_with("0X")) return bad("no 0x");
  element.remove_prefix(2);
  if (element.empty() || element.size() > kMaxDigits) return bad("length");
  int position = 0;
  for (auto digit = element.rbegin(); digit != element.rend(); ++digit, position += 4) {
    int bits = digit_value(*digit);
    if (bits < 0) return bad("no hex digit");
    for (int bit = 0; bit < 4; ++bit) {
      if (bits & (1 << bit)) result.positions.push_back(position + bit);
    }
  }
  return result;
}

}  // namespace

Result<std::vector<FieldPositions>> decode_change_bitmap(std::span<const std::string_view> elements) {
  if (elements.size() > kMaxElements) return bad("too many elements");
  std::vector<FieldPositions> result;
  result.reserve(elements.size());
  for (std::string_view element : elements) result.push_back(DUET_TRY(decode(element)));
  return result;
}

}  // namespace duet::codec
