#include "orgsim/core/automation.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/field_value.h"
#include "orgsim/core/query_filter.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

std::string text_of(const FieldDef& field, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (field.type == FieldType::date) return date_text(*number);
    return field.type == FieldType::datetime ? rest_datetime(*number) : fmt::format("{}", *number);
  }
  return {};
}

/// Text compares without regard to case, as the org's formulas and filters do.
Value folded(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? Value{fold_case(*text)} : value;
}

bool holds(const RuleCondition& condition, const Value& before, const Value& after) {
  using Test = RuleCondition::Test;
  if (condition.test == Test::changed) return (before != after) == condition.wanted;
  const Value value = folded(after);
  const auto equals = [&value](const Value& wanted) { return folded(wanted) == value; };
  if (condition.test == Test::in) return std::ranges::any_of(condition.values, equals);
  if (condition.test == Test::equal) return equals(condition.values.front());
  if (condition.test == Test::not_equal) return !equals(condition.values.front());
  const Value wanted = folded(condition.values.front());
  if (is_null(value) || value.index() != wanted.index()) return false;
  switch (condition.test) {
    case Test::less:
      return value < wanted;
    case Test::less_equal:
      return value <= wanted;
    case Test::greater:
      return value > wanted;
    case Test::greater_equal:
      return value >= wanted;
    case Test::like: {
      const auto* text = std::get_if<std::string>(&value);
      return text != nullptr && like_matches(*text, std::get<std::string>(wanted));
    }
    default:
      return false;
  }
}

}  // namespace

bool AutomationRule::runs_on(Operation operation) const { return std::ranges::find(on, operation) != on.end(); }

bool Automation::remove(std::uint64_t id) {
  return std::erase_if(rules_, [id](const AutomationRule& rule) { return rule.id == id; }) > 0;
}

nlohmann::json Automation::to_json() const {
  nlohmann::json out = nlohmann::json::array();
  for (const AutomationRule& rule : rules_) {
    nlohmann::json shown = nlohmann::json::parse(rule.definition);
    shown["id"] = rule.id;
    shown["fired"] = rule.fired;
    out.push_back(std::move(shown));
  }
  return out;
}

bool conditions_hold(const ObjectDef& object, const std::vector<RuleCondition>& conditions,
                     const std::vector<Value>& before, const std::vector<Value>& after) {
  return std::ranges::all_of(conditions, [&](const RuleCondition& condition) {
    const std::size_t index = object.fields[condition.field].index;
    return holds(condition, index < before.size() ? before[index] : Value{}, after[index]);
  });
}

Value rule_value(const ObjectDef& object, const RuleValue& value, const std::string& id,
                 const std::vector<Value>& before, const std::vector<Value>& after) {
  const auto field_value = [&](const FieldDef& field, const std::vector<Value>& values) {
    if (field.type == FieldType::id) return Value{id};
    return field.index < values.size() ? values[field.index] : Value{};
  };
  switch (value.source) {
    case RuleValue::Source::literal:
      return value.literal;
    case RuleValue::Source::field:
      return field_value(object.fields[value.field], after);
    case RuleValue::Source::before:
      return field_value(object.fields[value.field], before);
    case RuleValue::Source::text:
      break;
  }
  std::string out;
  std::string_view rest = value.text;
  while (!rest.empty()) {
    const std::size_t open = rest.find('{');
    const std::size_t close = open == std::string_view::npos ? open : rest.find('}', open);
    out += rest.substr(0, close == std::string_view::npos ? rest.size() : open);
    if (close == std::string_view::npos) break;
    if (const FieldDef* field = object.field(rest.substr(open + 1, close - open - 1))) {
      out += text_of(*field, field_value(*field, after));
    }
    rest.remove_prefix(close + 1);
  }
  return Value{std::move(out)};
}

}  // namespace orgsim
