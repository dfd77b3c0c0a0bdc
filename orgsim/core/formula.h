#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "orgsim/core/error.h"

namespace orgsim {

/// The formula language of calculated fields (spec/salesforce-api.md §2.2): an expression over the fields of a record
/// and of its parents. Nothing here knows the schema or a record; formula_fields.h joins them.

/// What an expression gives. `any` is NULL's; picklists go only into the functions that take them.
enum class FormulaKind : std::uint8_t { any, boolean, number, text, date, datetime, picklist, unusable };

struct FormulaDate {
  std::int64_t days = 0;
};
struct FormulaMoment {
  std::int64_t ms = 0;
};
/// What Salesforce shows as #Error! and its APIs give as null: a division by zero, a text that is no number.
struct FormulaError {};
/// monostate is blank; blank text is the empty string.
using FormulaValue = std::variant<std::monostate, bool, double, std::string, FormulaDate, FormulaMoment, FormulaError>;

enum class FormulaFunction : std::uint8_t;

struct FormulaNode {
  enum class Kind : std::uint8_t { literal, reference, call };
  Kind kind = Kind::literal;
  FormulaValue literal;
  std::vector<std::string> parents;  ///< of a reference: relationship names
  std::string field;                 ///< of a reference, as written
  FormulaFunction function{};        ///< of a call; operators are functions too
  std::vector<FormulaNode> arguments;
};

/// What a reference is, for the check: its kind, or FIELD_INTEGRITY_EXCEPTION when there is no such field.
using FormulaFieldKind = std::function<Outcome<FormulaKind>(const FormulaNode& reference)>;

/// What an evaluation reads.
struct FormulaInput {
  std::function<FormulaValue(const FormulaNode& reference)> field;
  std::int64_t now_ms = 0;
};

/// One parsed expression. Immutable, so it may be shared between threads and copies of a schema.
class Formula {
 public:
  /// FIELD_INTEGRITY_EXCEPTION for what is no expression, for unknown functions and more than 3,900 characters.
  [[nodiscard]] static Outcome<std::shared_ptr<const Formula>> parse(std::string_view text);

  /// The kind of the result; FIELD_INTEGRITY_EXCEPTION where a function or an operator gets what it does not take.
  [[nodiscard]] Outcome<FormulaKind> check(const FormulaFieldKind& kind_of) const;
  [[nodiscard]] FormulaValue evaluate(const FormulaInput& input) const;

  [[nodiscard]] const std::vector<const FormulaNode*>& references() const { return references_; }
  /// Nodes of the expression and the longest way through them; both bound the work of an evaluation.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t depth() const { return depth_; }

 private:
  void measure(const FormulaNode& node, std::size_t depth);

  FormulaNode root_;
  std::vector<const FormulaNode*> references_;
  std::size_t size_ = 0;
  std::size_t depth_ = 0;
};

/// "Number", "Text" … as errors name it.
[[nodiscard]] std::string_view kind_name(FormulaKind kind);

}  // namespace orgsim
