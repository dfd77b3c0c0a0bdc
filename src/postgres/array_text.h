#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace duet::postgres {

/// Builds the text of a one-dimensional PostgreSQL array, as a parameter cast to its type: `{"a",NULL,"b\"c"}`.
class ArrayText {
 public:
  void add(std::string_view text);
  void add(std::int64_t number);
  void add(const std::optional<std::string>& text);
  void add_null();

  std::string finish() &&;
  std::size_t size() const { return size_; }

 private:
  void separate();

  std::string text_ = "{";
  std::size_t size_ = 0;
};

std::string array_of(std::span<const std::string> texts);
std::string array_of(std::span<const std::int64_t> numbers);

}  // namespace duet::postgres
