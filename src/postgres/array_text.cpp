#include "postgres/array_text.h"

namespace duet::postgres {

void ArrayText::separate() {
  if (size_++ > 0) text_ += ',';
}

void ArrayText::add(std::string_view text) {
  separate();
  text_ += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void ArrayText::add(std::int64_t number) {
  separate();
  text_ += std::to_string(number);
}

void ArrayText::add(const std::optional<std::string>& text) {
  if (text) {
    add(std::string_view(*text));
  } else {
    add_null();
  }
}

void ArrayText::add_null() {
  separate();
  text_ += "NULL";
}

std::string ArrayText::finish() && {
  text_ += '}';
  return std::move(text_);
}

std::string array_of(std::span<const std::string> texts) {
  ArrayText array;
  for (const std::string& text : texts) array.add(std::string_view(text));
  return std::move(array).finish();
}

std::string array_of(std::span<const std::int64_t> numbers) {
  ArrayText array;
  for (std::int64_t number : numbers) array.add(number);
  return std::move(array).finish();
}

}  // namespace duet::postgres
