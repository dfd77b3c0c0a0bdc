#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "orgsim/core/error.h"
#include "orgsim/core/transaction.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// What an automation rule sees of the record being written, and how it changes it: before save, in the writer's
/// transaction, so the final state is in the writer's event with the writer's changeOrigin (spec §0.3).
class RuleRecord {
 public:
  virtual ~RuleRecord() = default;
  [[nodiscard]] virtual std::string_view object() const = 0;
  [[nodiscard]] virtual std::string_view id() const = 0;
  /// insert, update, remove or undelete.
  [[nodiscard]] virtual Operation operation() const = 0;
  /// The committed-or-earlier value; null on insert and for unknown names.
  [[nodiscard]] virtual Value before(std::string_view field) const = 0;
  [[nodiscard]] virtual Value after(std::string_view field) const = 0;
  /// Sets a field of the record, whatever its createable and updateable flags. The value is made canonical and checked
  /// like a caller's; false when it was not acceptable. Setting `before` puts a field back.
  virtual bool set(std::string_view field, const Value& value) = 0;
};

/// An automation rule; an Error it returns fails the record's write (validation rules, failing triggers).
using Rule = std::function<std::optional<Error>(RuleRecord&)>;

}  // namespace orgsim
