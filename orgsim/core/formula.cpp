#include "orgsim/core/formula.h"

#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/formula_functions.h"

namespace orgsim {

namespace {

using F = FormulaFunction;
using K = FormulaKind;

std::unexpected<Error> mismatch(F function, std::string_view expected, K received) {
  return fail(codes::kFieldIntegrity,
              fmt::format("Incorrect parameter type for {} '{}{}'. Expected {}, received {}",
                          is_operator(function) ? "operator" : "function", signature_of(function).name,
                          is_operator(function) ? "" : "()", expected, kind_name(received)));
}

/// The kind of a result letter of a signature.
K kind_of_letter(char letter) {
  switch (letter) {
    case 'b':
      return K::boolean;
    case 'n':
      return K::number;
    case 's':
      return K::text;
    case 'd':
      return K::date;
    default:
      return K::datetime;
  }
}

bool accepts(char letter, K kind) {
  if (kind == K::any || letter == 'a') return true;
  switch (letter) {
    case 'm':
      return kind == K::date || kind == K::datetime;
    case 'p':
      return kind == K::picklist;
    case 'x':
      return kind == K::number || kind == K::date || kind == K::datetime || kind == K::picklist;
    case 'v':
      return kind == K::date || kind == K::datetime || kind == K::text;
    default:
      return kind == kind_of_letter(letter);
  }
}

std::string_view letter_name(char letter) {
  switch (letter) {
    case 'm':
      return "Date, DateTime";
    case 'p':
      return "Picklist";
    case 'x':
      return "Number, Date, DateTime, Picklist";
    case 'v':
      return "DateTime, Text";
    default:
      return kind_name(kind_of_letter(letter));
  }
}

class Checker {
 public:
  explicit Checker(const FormulaFieldKind& kind_of) : kind_of_(kind_of) {}

  Outcome<K> check(const FormulaNode& node, bool picklists_welcome = false) const {
    if (node.kind == FormulaNode::Kind::literal) return literal(node.literal);
    if (node.kind == FormulaNode::Kind::call) return call(node);
    auto kind = kind_of_(node);
    if (kind && *kind == K::unusable) {
      return fail(codes::kFieldIntegrity, fmt::format("Field {} may not be used in this type of formula", node.field));
    }
    if (kind && *kind == K::picklist && !picklists_welcome) {
      return fail(codes::kFieldIntegrity,
                  fmt::format("Field {} is a picklist field. Picklist fields are only supported in certain functions.",
                              node.field));
    }
    return kind;
  }

 private:
  static K literal(const FormulaValue& value) {
    if (std::holds_alternative<bool>(value)) return K::boolean;
    if (std::holds_alternative<double>(value)) return K::number;
    return std::holds_alternative<std::string>(value) ? K::text : K::any;
  }

  static bool takes_picklist(F function, std::size_t argument) {
    return argument == 0 && (function == F::is_picklist_value || function == F::text || function == F::is_blank ||
                             function == F::choose_case);
  }

  Outcome<K> call(const FormulaNode& node) const {
    std::vector<K> kinds;
    for (const FormulaNode& argument : node.arguments) {
      auto kind = check(argument, takes_picklist(node.function, kinds.size()));
      if (!kind) return kind;
      kinds.push_back(*kind);
    }
    const FormulaSignature& signature = signature_of(node.function);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      const char letter = signature.arguments[std::min(i, signature.arguments.size() - 1)];
      if (!accepts(letter, kinds[i])) return mismatch(node.function, letter_name(letter), kinds[i]);
    }
    return signature.result != 0 ? kind_of_letter(signature.result) : generic(node.function, kinds);
  }

  /// All of one kind, but for NULLs.
  static Outcome<K> common(F function, const std::vector<K>& kinds) {
    K found = K::any;
    for (const K kind : kinds) {
      if (found != K::any && kind != K::any && kind != found) return mismatch(function, kind_name(found), kind);
      if (found == K::any) found = kind;
    }
    return found;
  }

  static Outcome<K> generic(F function, const std::vector<K>& kinds) {
    switch (function) {
      case F::add:
      case F::subtract:
        return sum(function, kinds[0], kinds[1]);
      case F::choose_if:
        return common(function, {kinds[1], kinds[2]});
      case F::choose_case:
        return choice(kinds);
      case F::blank_value:
        return common(function, kinds);
      default: {  // comparisons
        auto kind = common(function, kinds);
        if (!kind) return kind;
        const bool only_equal = *kind == K::boolean && function != F::equal && function != F::not_equal;
        if (only_equal) return mismatch(function, "Number, Text, Date, DateTime", *kind);
        return K::boolean;
      }
    }
  }

  static Outcome<K> choice(const std::vector<K>& kinds) {
    if (kinds.size() % 2 != 0) {
      return fail(codes::kFieldIntegrity,
                  fmt::format("Incorrect number of parameters for function 'CASE()'. Expected {}, received {}",
                              kinds.size() - 1, kinds.size()));
    }
    std::vector<K> compared = {kinds[0] == K::picklist ? K::text : kinds[0]};
    std::vector<K> results = {kinds.back()};
    for (std::size_t i = 1; i + 1 < kinds.size(); i += 2) {
      compared.push_back(kinds[i]);
      results.push_back(kinds[i + 1]);
    }
    if (auto same = common(F::choose_case, compared); !same) return same;
    return common(F::choose_case, results);
  }

  static Outcome<K> sum(F function, K left, K right) {
    const bool adds = function == F::add;
    const auto is_time = [](K kind) { return kind == K::date || kind == K::datetime; };
    if (is_time(left)) {
      if (right == K::number || right == K::any) return left;
      if (!adds && right == left) return K::number;
      return mismatch(function, "Number", right);
    }
    if (adds && left == K::text)
      return right == K::text || right == K::any ? Outcome<K>(K::text) : mismatch(function, "Text", right);
    if (left != K::number && left != K::any) return mismatch(function, "Number", left);
    if (adds && is_time(right)) return right;
    if (adds && left == K::any && right == K::text) return K::text;
    if (right != K::number && right != K::any) return mismatch(function, "Number", right);
    return K::number;
  }

  const FormulaFieldKind& kind_of_;
};

FormulaValue evaluate_node(const FormulaNode& node, const FormulaInput& input) {
  if (node.kind == FormulaNode::Kind::literal) return node.literal;
  if (node.kind == FormulaNode::Kind::reference) return input.field(node);
  const auto argument = [&](std::size_t at) { return evaluate_node(node.arguments[at], input); };
  const auto failed = [](const FormulaValue& value) { return std::holds_alternative<FormulaError>(value); };
  switch (node.function) {
    case F::logical_and:
    case F::logical_or: {
      const bool stop = node.function == F::logical_or;
      for (std::size_t i = 0; i < node.arguments.size(); ++i) {
        const FormulaValue value = argument(i);
        if (failed(value)) return value;
        if (is_true(value) == stop) return stop;
      }
      return !stop;
    }
    case F::choose_if: {
      const FormulaValue condition = argument(0);
      if (failed(condition)) return condition;
      return argument(is_true(condition) ? 1 : 2);
    }
    case F::choose_case: {
      const FormulaValue wanted = argument(0);
      if (failed(wanted)) return wanted;
      const std::size_t last = node.arguments.size() - 1;
      for (std::size_t i = 1; i < last; i += 2) {
        if (equal_values(wanted, argument(i))) return argument(i + 1);
      }
      return argument(last);
    }
    case F::blank_value: {
      FormulaValue value = argument(0);
      return is_blank(value) ? argument(1) : value;
    }
    default: {
      std::vector<FormulaValue> values;
      values.reserve(node.arguments.size());
      for (std::size_t i = 0; i < node.arguments.size(); ++i) {
        values.push_back(argument(i));
        if (failed(values.back())) return FormulaError{};
      }
      return call_function(node.function, values, input.now_ms);
    }
  }
}

}  // namespace

std::string_view kind_name(FormulaKind kind) {
  switch (kind) {
    case K::boolean:
      return "Boolean";
    case K::number:
      return "Number";
    case K::text:
      return "Text";
    case K::date:
      return "Date";
    case K::datetime:
      return "DateTime";
    case K::picklist:
      return "Picklist";
    case K::any:
    case K::unusable:
      break;
  }
  return "Null";
}

Outcome<FormulaKind> Formula::check(const FormulaFieldKind& kind_of) const { return Checker(kind_of).check(root_); }

FormulaValue Formula::evaluate(const FormulaInput& input) const { return evaluate_node(root_, input); }

}  // namespace orgsim
