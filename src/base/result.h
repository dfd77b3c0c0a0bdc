#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace duet {

/// A value or the reason why there is none. Every module border that can fail returns one.
template <class T>
using Result = std::expected<T, Error>;

/// An unexpected value for `return`, from a kind and a sentence for a person.
inline std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string code = {},
                                   std::string detail = {}) {
  return std::unexpected(Error{kind, std::move(code), std::move(message), std::move(detail), nullptr, std::nullopt});
}

}  // namespace duet

/// Evaluates to the value of a Result, or returns its error from the enclosing function.
#define DUET_TRY(expression)                                                          \
  __extension__({                                                                     \
    auto&& duet_try_result = (expression);                                            \
    if (!duet_try_result) return std::unexpected(std::move(duet_try_result).error()); \
    *std::move(duet_try_result);                                                      \
  })
