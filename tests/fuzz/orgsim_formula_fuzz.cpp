/// Formulas: whatever is written must parse or be refused, and what passes the check must have a value.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orgsim/core/formula.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orgsim;
  const auto formula = Formula::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!formula) return 0;
  const auto first = [](const FormulaNode& node) { return node.field.empty() ? 'x' : node.field.front(); };
  const auto kind = (*formula)->check([&](const FormulaNode& node) -> Outcome<FormulaKind> {
    switch (first(node)) {
      case 'n':
        return FormulaKind::number;
      case 'b':
        return FormulaKind::boolean;
      case 'd':
        return FormulaKind::date;
      case 't':
        return FormulaKind::datetime;
      case 'p':
        return FormulaKind::picklist;
      default:
        return FormulaKind::text;
    }
  });
  if (!kind) return 0;
  constexpr std::int64_t kNow = 1'767'225'600'000;
  (void)(*formula)->evaluate({[&](const FormulaNode& node) -> FormulaValue {
                                if (node.field.size() > 2) return {};
                                switch (first(node)) {
                                  case 'n':
                                    return node.field == "n" ? 1e18 : -0.5;
                                  case 'b':
                                    return true;
                                  case 'd':
                                    return FormulaDate{20'000};
                                  case 't':
                                    return FormulaMoment{kNow};
                                  default:
                                    return std::string("gr\xC3\xBC\xC3\x9F\xF0\x9F\x98\x80");
                                }
                              },
                              kNow});
  return 0;
}
