#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "orgsim/core/ascii.h"
#include "orgsim/core/field_value.h"
#include "orgsim/core/formula.h"
#include "orgsim/core/formula_functions.h"

namespace orgsim {

namespace {

constexpr std::size_t kMaxLength = 3'900;
constexpr std::size_t kMaxNesting = 300;
constexpr std::size_t kMaxDepth = 300;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c) || c == '.'; }

struct BinaryOperator {
  std::string_view sign;
  FormulaFunction function;
  int level;  ///< a higher one binds tighter
};

// Longer signs first.
constexpr std::array<BinaryOperator, 15> kBinary = {{{"||", FormulaFunction::logical_or, 1},
                                                     {"&&", FormulaFunction::logical_and, 2},
                                                     {"==", FormulaFunction::equal, 3},
                                                     {"!=", FormulaFunction::not_equal, 3},
                                                     {"<>", FormulaFunction::not_equal, 3},
                                                     {"<=", FormulaFunction::less_or_equal, 4},
                                                     {">=", FormulaFunction::greater_or_equal, 4},
                                                     {"=", FormulaFunction::equal, 3},
                                                     {"<", FormulaFunction::less, 4},
                                                     {">", FormulaFunction::greater, 4},
                                                     {"&", FormulaFunction::concatenate, 5},
                                                     {"+", FormulaFunction::add, 5},
                                                     {"-", FormulaFunction::subtract, 5},
                                                     {"*", FormulaFunction::multiply, 6},
                                                     {"/", FormulaFunction::divide, 6}}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Outcome<FormulaNode> whole() {
    auto node = expression(1);
    skip();
    if (node && at_ < text_.size()) return extra();
    return node;
  }

 private:
  static std::unexpected<Error> wrong(std::string message) { return fail(codes::kFieldIntegrity, std::move(message)); }
  [[nodiscard]] std::unexpected<Error> extra() const {
    return wrong(fmt::format("Syntax error.  Extra '{}'", text_.substr(at_, 1)));
  }

  void skip() {
    for (;;) {
      while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
      if (!text_.substr(at_).starts_with("/*")) return;
      const auto end = text_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    }
  }
  bool take(std::string_view sign) {
    skip();
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  static FormulaNode call(FormulaFunction function, std::vector<FormulaNode> arguments) {
    FormulaNode node;
    node.kind = FormulaNode::Kind::call;
    node.function = function;
    node.arguments = std::move(arguments);
    return node;
  }
  static FormulaNode literal(FormulaValue value) {
    FormulaNode node;
    node.literal = std::move(value);
    return node;
  }
  static FormulaNode pair(FormulaFunction function, FormulaNode left, FormulaNode right) {
    std::vector<FormulaNode> both;
    both.push_back(std::move(left));
    both.push_back(std::move(right));
    return call(function, std::move(both));
  }

  /// Operators of this level and tighter ones, left to right.
  Outcome<FormulaNode> expression(int level) {
    if (++nesting_ > kMaxNesting) return wrong("Compiled formula is too big to execute");
    auto left = unary();
    for (;;) {
      if (!left) return left;
      skip();
      const auto* found =
          std::ranges::find_if(kBinary, [&](const auto& one) { return text_.substr(at_).starts_with(one.sign); });
      if (found == kBinary.end() || found->level < level) break;
      at_ += found->sign.size();
      auto right = expression(found->level + 1);
      if (!right) return right;
      left = pair(found->function, std::move(*left), std::move(*right));
    }
    --nesting_;
    return left;
  }

  Outcome<FormulaNode> unary() {
    if (++nesting_ > kMaxNesting) return wrong("Compiled formula is too big to execute");
    Outcome<FormulaNode> node = FormulaNode{};
    if (take("-")) {
      node = unary();
      if (node) node = call(FormulaFunction::negate, {std::move(*node)});
    } else if (take("+")) {
      node = unary();
    } else if (!text_.substr(at_).starts_with("!=") && take("!")) {
      node = unary();
      if (node) node = call(FormulaFunction::logical_not, {std::move(*node)});
    } else {
      node = primary();
      if (node && take("^")) {
        auto exponent = unary();
        if (!exponent) return exponent;
        node = pair(FormulaFunction::power, std::move(*node), std::move(*exponent));
      }
    }
    --nesting_;
    return node;
  }

  Outcome<FormulaNode> primary() {
    skip();
    if (at_ == text_.size()) return wrong("Syntax error");
    const char c = text_[at_];
    if (take("(")) {
      auto inner = expression(1);
      if (inner && !take(")")) return wrong("Syntax error.  Missing ')'");
      return inner;
    }
    if (c == '"' || c == '\'') return quoted(c);
    if (is_digit(c) || c == '.') return number();
    if (is_name_start(c)) return named();
    return wrong(fmt::format("Syntax error.  Found '{}'", text_.substr(at_, 1)));
  }

  Outcome<FormulaNode> quoted(char quote) {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      char c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size()) {
        c = text_[++at_];
        if (c == 'n') c = '\n';
      }
      out.push_back(c);
    }
    if (at_ == text_.size()) return wrong(fmt::format("Syntax error.  Missing '{}'", quote));
    ++at_;
    return literal(std::move(out));
  }

  Outcome<FormulaNode> number() {
    double value = 0;
    const auto [end, code] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), value, std::chars_format::fixed);
    if (code != std::errc{}) return wrong(fmt::format("Syntax error.  Found '{}'", text_.substr(at_, 1)));
    at_ = static_cast<std::size_t>(end - text_.data());
    return literal(value);
  }

  Outcome<FormulaNode> named() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    const std::string_view name = text_.substr(start, at_ - start);
    if (take("(")) return function(name);
    if (same_name(name, "TRUE") || same_name(name, "FALSE")) return literal(same_name(name, "TRUE"));
    if (same_name(name, "NULL")) return literal({});
    FormulaNode node;
    node.kind = FormulaNode::Kind::reference;
    std::string_view rest = name;
    for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
      node.parents.emplace_back(rest.substr(0, dot));
      rest.remove_prefix(dot + 1);
    }
    node.field = rest;
    return node;
  }

  Outcome<FormulaNode> function(std::string_view name) {
    const FormulaSignature* signature = find_signature(name);
    if (signature == nullptr) return wrong(fmt::format("Unknown function {}. Check spelling.", name));
    std::vector<FormulaNode> arguments;
    if (!take(")")) {
      do {
        auto argument = expression(1);
        if (!argument) return argument;
        arguments.push_back(std::move(*argument));
      } while (take(","));
      if (!take(")")) return wrong("Syntax error.  Missing ')'");
    }
    const std::size_t given = arguments.size();
    if (given < signature->fewest || given > signature->most) {
      return wrong(fmt::format("Incorrect number of parameters for function '{}()'. Expected {}, received {}",
                               signature->name, given < signature->fewest ? signature->fewest : signature->most,
                               given));
    }
    return call(signature->function, std::move(arguments));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t nesting_ = 0;
};

}  // namespace

void Formula::measure(const FormulaNode& node, std::size_t depth) {
  ++size_;
  depth_ = std::max(depth_, depth);
  if (node.kind == FormulaNode::Kind::reference) references_.push_back(&node);
  for (const FormulaNode& argument : node.arguments) measure(argument, depth + 1);
}

Outcome<std::shared_ptr<const Formula>> Formula::parse(std::string_view text) {
  if (const std::size_t length = utf16_length(text); length > kMaxLength) {
    return fail(
        codes::kFieldIntegrity,
        fmt::format("Formula is too long ({} characters). Maximum length is {} characters.", length, kMaxLength));
  }
  auto root = Parser(text).whole();
  if (!root) return std::unexpected(root.error());
  auto formula = std::make_shared<Formula>();
  formula->root_ = std::move(*root);
  formula->measure(formula->root_, 1);
  if (formula->depth_ > kMaxDepth) return fail(codes::kFieldIntegrity, "Compiled formula is too big to execute");
  return formula;
}

}  // namespace orgsim
