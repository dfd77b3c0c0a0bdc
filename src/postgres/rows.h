#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct pg_result;

namespace duet::postgres {

/// The rows of one statement, as text. Movable; views stay valid as long as it lives.
class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result);

  /// The statement succeeded.
  bool ok() const;
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  /// Rows that an INSERT, UPDATE, DELETE or COPY wrote.
  long affected() const;

  bool is_null(std::size_t row, std::size_t column) const;
  /// Empty for NULL.
  std::string_view text(std::size_t row, std::size_t column) const;
  std::optional<std::string> optional_text(std::size_t row, std::size_t column) const;
  /// 0 for NULL and what is no number.
  std::int64_t integer(std::size_t row, std::size_t column) const;
  bool boolean(std::size_t row, std::size_t column) const { return text(row, column) == "t"; }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace duet::postgres
