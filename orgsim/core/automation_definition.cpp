// Rules from their JSON.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "orgsim/core/automation.h"
#include "orgsim/core/field_value.h"

namespace orgsim {

namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, RuleKind>, 5> kKinds = {{{"before", RuleKind::before},
                                                                          {"validation", RuleKind::validation},
                                                                          {"duplicate", RuleKind::duplicate},
                                                                          {"after", RuleKind::after},
                                                                          {"rollup", RuleKind::rollup}}};
constexpr std::array<std::pair<std::string_view, Operation>, 4> kOperations = {{{"insert", Operation::insert},
                                                                                {"update", Operation::update},
                                                                                {"delete", Operation::remove},
                                                                                {"undelete", Operation::undelete}}};
constexpr std::array<std::pair<std::string_view, RuleCondition::Test>, 9> kTests = {
    {{"=", RuleCondition::Test::equal},
     {"!=", RuleCondition::Test::not_equal},
     {"<", RuleCondition::Test::less},
     {"<=", RuleCondition::Test::less_equal},
     {">", RuleCondition::Test::greater},
     {">=", RuleCondition::Test::greater_equal},
     {"like", RuleCondition::Test::like},
     {"in", RuleCondition::Test::in},
     {"changed", RuleCondition::Test::changed}}};
constexpr std::array<std::pair<std::string_view, Rollup::Function>, 4> kFunctions = {
    {{"count", Rollup::Function::count},
     {"sum", Rollup::Function::sum},
     {"min", Rollup::Function::min},
     {"max", Rollup::Function::max}}};
constexpr std::array<std::string_view, 20> kKeys = {
    "type",  "object", "on",     "when",   "set",    "fail",  "name",     "message", "field",     "service_ms",
    "match", "action", "update", "create", "delete", "child", "function", "source",  "reference", "id"};
constexpr std::int64_t kServiceMax = 600'000;

template <typename Table>
auto lookup(const Table& table, const json& name) -> decltype(&table.front().second) {
  const auto found =
      std::ranges::find_if(table, [&name](const auto& entry) { return name == std::string(entry.first); });
  return found == table.end() ? nullptr : &found->second;
}

/// Reads one definition; the first problem is kept and everything after it is skipped.
class Reader {
 public:
  Reader(const Schema& schema, const json& from) : schema_(schema), from_(from) {}

  Outcome<AutomationRule> read() {
    AutomationRule rule;
    const RuleKind* kind = lookup(kKinds, from_.value("type", json()));
    if (kind == nullptr) note("'type' must be before, validation, duplicate, after or rollup");
    for (const auto& [key, value] : from_.items()) {
      if (std::ranges::find(kKeys, key) == kKeys.end()) note(fmt::format("unknown key '{}'", key));
    }
    const ObjectDef* object = object_named(from_, "object");
    if (object == nullptr || kind == nullptr) return std::unexpected(problem());
    rule.kind = *kind;
    rule.object = object->index;
    rule.name = text("name", object->name + (*kind == RuleKind::duplicate ? " duplicates" : "Trigger"));
    rule.service_ms = from_.contains("service_ms") ? number("service_ms") : 0;
    rule.on = {Operation::insert, Operation::update};
    if (from_.contains("on")) read_operations(rule);
    if (from_.contains("when")) read_conditions(*object, from_["when"], rule.when);
    if (from_.contains("set")) read_assignments(*object, *object, from_["set"], rule.set);
    if (from_.contains("fail")) rule.error = read_error(from_["fail"]);
    if (*kind == RuleKind::validation) read_validation(*object, rule);
    if (*kind == RuleKind::duplicate) read_duplicate(*object, rule);
    if (*kind == RuleKind::after) read_write(*object, rule.write);
    if (*kind == RuleKind::rollup) read_rollup(*object, rule.rollup);
    if (!problem_.empty()) return std::unexpected(problem());
    rule.definition = from_.dump(-1, ' ', false, json::error_handler_t::replace);
    return rule;
  }

 private:
  void note(std::string text) {
    if (problem_.empty()) problem_ = std::move(text);
  }
  [[nodiscard]] Error problem() const { return make_error(codes::kInvalidType, "rule: " + problem_); }

  std::string text(const char* key, std::string otherwise) {
    if (!from_.contains(key)) return otherwise;
    if (from_[key].is_string()) return from_[key].get<std::string>();
    note(fmt::format("'{}' must be text", key));
    return otherwise;
  }

  std::int64_t number(const char* key) {
    const json& value = from_[key];
    const bool good =
        value.is_number_integer() && value.get<std::int64_t>() >= 0 && value.get<std::int64_t>() <= kServiceMax;
    if (!good) note(fmt::format("'{}' must be a whole number up to {}", key, kServiceMax));
    return good ? value.get<std::int64_t>() : 0;
  }

  const ObjectDef* object_named(const json& from, const char* key) {
    const json name = from.is_object() && from.contains(key) ? from[key] : json();
    const ObjectDef* object = name.is_string() ? schema_.object(name.get<std::string>()) : nullptr;
    if (object == nullptr) note(fmt::format("'{}' must name an object", key));
    return object;
  }

  const FieldDef* field_named(const ObjectDef& object, const json& name) {
    const FieldDef* field = name.is_string() ? object.field(name.get<std::string>()) : nullptr;
    if (field == nullptr)
      note(fmt::format("{} has no field {}", object.name, name.dump(-1, ' ', false, json::error_handler_t::replace)));
    return field;
  }

  std::uint16_t index_named(const ObjectDef& object, const json& name) {
    const FieldDef* field = field_named(object, name);
    return field != nullptr ? field->index : std::uint16_t{0};
  }

  void read_operations(AutomationRule& rule) {
    rule.on.clear();
    if (!from_["on"].is_array()) return note("'on' must be a list");
    for (const json& item : from_["on"]) {
      const Operation* operation = lookup(kOperations, item);
      if (operation == nullptr) return note("'on' has insert, update, delete and undelete");
      rule.on.push_back(*operation);
    }
  }

  Value literal(const FieldDef& field, const json& from) {
    Value raw;
    if (from.is_string()) {
      raw = from.get<std::string>();
    } else if (from.is_boolean()) {
      raw = from.get<bool>();
    } else if (from.is_number_integer()) {
      raw = from.get<std::int64_t>();
    } else if (from.is_number()) {
      raw = from.get<double>();
    } else if (!from.is_null()) {
      note(fmt::format("{}: not a value", field.name));
    }
    auto stored = stored_value(field, raw);
    if (!stored) note(stored.error().message);
    return stored.value_or(Value{});
  }

  void read_conditions(const ObjectDef& object, const json& from, std::vector<RuleCondition>& out) {
    if (!from.is_object()) return note("'when' must be an object");
    for (const auto& [name, value] : from.items()) {
      const FieldDef* field = field_named(object, name);
      if (field == nullptr) return;
      if (!value.is_object()) {
        out.push_back({.field = field->index, .values = {literal(*field, value)}});
        continue;
      }
      for (const auto& [test_name, operand] : value.items()) read_test(*field, test_name, operand, out);
    }
  }

  void read_test(const FieldDef& field, const std::string& name, const json& operand, std::vector<RuleCondition>& out) {
    const RuleCondition::Test* test = lookup(kTests, name);
    if (test == nullptr) return note(fmt::format("unknown test '{}'", name));
    RuleCondition condition{.field = field.index, .test = *test, .values = {}};
    if (*test == RuleCondition::Test::changed) {
      if (!operand.is_boolean()) return note("'changed' is true or false");
      condition.wanted = operand.get<bool>();
    } else if (*test == RuleCondition::Test::in) {
      if (!operand.is_array()) return note("'in' needs a list");
      for (const json& item : operand) condition.values.push_back(literal(field, item));
    } else if (*test == RuleCondition::Test::like) {
      if (!operand.is_string()) return note("'like' needs text");
      condition.values.emplace_back(operand.get<std::string>());
    } else {
      condition.values.push_back(literal(field, operand));
    }
    out.push_back(std::move(condition));
  }

  /// `object` is the record's that the rule is about, `target` has the field to be set.
  RuleValue read_value(const ObjectDef& object, const FieldDef* target, const json& from) {
    RuleValue out;
    if (!from.is_object()) {
      if (target != nullptr) out.literal = literal(*target, from);
      if (target == nullptr && from.is_string()) out.literal = from.get<std::string>();
      return out;
    }
    if (from.size() == 1 && from.contains("field")) {
      out.source = RuleValue::Source::field;
      out.field = index_named(object, from["field"]);
    } else if (from.size() == 1 && from.contains("before")) {
      out.source = RuleValue::Source::before;
      out.field = index_named(object, from["before"]);
    } else if (from.size() == 1 && from.contains("text") && from["text"].is_string()) {
      out.source = RuleValue::Source::text;
      out.text = from["text"].get<std::string>();
    } else {
      note(R"(a value is JSON, {"field":…}, {"before":…} or {"text":…})");
    }
    return out;
  }

  void read_assignments(const ObjectDef& object, const ObjectDef& target, const json& from,
                        std::vector<RuleAssignment>& out) {
    if (!from.is_object()) return note("'set' must be an object");
    for (const auto& [name, value] : from.items()) {
      const FieldDef* field = field_named(target, name);
      if (field == nullptr) return;
      out.push_back({field->name, read_value(object, field, value)});
    }
  }

  std::optional<Error> read_error(const json& from) {
    if (from.is_string()) return Error{"", from.get<std::string>(), {}};
    if (!from.is_object() || !from.contains("message") || !from["message"].is_string()) {
      note("'fail' is text or {\"message\",\"code\",\"fields\"}");
      return std::nullopt;
    }
    Error error{"", from["message"].get<std::string>(), {}};
    if (from.contains("code") && from["code"].is_string()) error.code = from["code"].get<std::string>();
    for (const json& field : from.value("fields", json::array())) {
      if (field.is_string()) error.fields.push_back(field.get<std::string>());
    }
    return error;
  }

  void read_validation(const ObjectDef& object, AutomationRule& rule) {
    rule.error = Error{"FIELD_CUSTOM_VALIDATION_EXCEPTION", text("message", "Validation rule failed"), {}};
    if (!from_.contains("field")) return;
    if (const FieldDef* field = field_named(object, from_["field"])) rule.error->fields.push_back(field->name);
  }

  void read_duplicate(const ObjectDef& object, AutomationRule& rule) {
    if (!from_.contains("match") || !from_["match"].is_array() || from_["match"].empty()) {
      return note("'match' is a list of fields");
    }
    for (const json& name : from_["match"]) rule.match.push_back(index_named(object, name));
    const std::string action = text("action", "alert");
    if (action != "alert" && action != "block") return note("'action' is block or alert");
    rule.allow_save = action == "alert";
    rule.error = Error{"DUPLICATES_DETECTED", text("message", "Use one of these records?"), {}};
  }

  void read_write(const ObjectDef& object, RuleWrite& write) {
    constexpr std::array<std::pair<const char*, RuleWrite::Kind>, 3> kWrites = {{{"create", RuleWrite::Kind::create},
                                                                                 {"update", RuleWrite::Kind::update},
                                                                                 {"delete", RuleWrite::Kind::remove}}};
    for (const auto& [key, kind] : kWrites) {
      if (!from_.contains(key)) continue;
      if (write.kind != RuleWrite::Kind::none) return note("a rule has one of create, update and delete");
      const json& from = from_[key];
      const ObjectDef* target = object_named(from, "object");
      if (target == nullptr) return;
      write.kind = kind;
      write.object = target->index;
      if (from.contains("set")) read_assignments(object, *target, from["set"], write.set);
      if (kind == RuleWrite::Kind::create) continue;
      write.id = from.contains("id") ? read_value(object, nullptr, from["id"]) : RuleValue{};
      if (from.contains("by")) {
        write.by = index_named(*target, from["by"]);
        write.id = RuleValue{.source = RuleValue::Source::field, .field = index_named(object, "Id")};
      }
      if (!from.contains("id") && !from.contains("by")) note("update and delete need 'id' or 'by'");
    }
  }

  void read_rollup(const ObjectDef& object, Rollup& rollup) {
    const Rollup::Function* function = lookup(kFunctions, from_.value("function", json("count")));
    const ObjectDef* child = object_named(from_, "child");
    if (function == nullptr) note("'function' is count, sum, min or max");
    if (child == nullptr || function == nullptr) return;
    const FieldDef* field = field_named(object, from_.value("field", json()));
    if (field != nullptr && !is_number(field->type)) note("a roll-up's field is a number");
    rollup.function = *function;
    rollup.field = field != nullptr ? field->index : std::uint16_t{0};
    rollup.child = child->index;
    rollup.reference = index_named(*child, from_.value("reference", json()));
    if (*function == Rollup::Function::count) return;
    const FieldDef* source = field_named(*child, from_.value("source", json()));
    if (source != nullptr && !is_number(source->type)) note("a roll-up's source is a number");
    rollup.source = source != nullptr ? source->index : std::uint16_t{0};
  }

  const Schema& schema_;
  const json& from_;
  std::string problem_;
};

}  // namespace

Outcome<const AutomationRule*> Automation::add(const Schema& schema, const json& definition) {
  if (!definition.is_object()) return fail(codes::kInvalidType, "a rule must be a JSON object");
  if (rules_.size() >= kRulesMax) return fail("LIMIT_EXCEEDED", fmt::format("an org has at most {} rules", kRulesMax));
  auto rule = Reader(schema, definition).read();
  if (!rule) return std::unexpected(rule.error());
  rule->id = next_id_++;
  rules_.push_back(*std::move(rule));
  return &rules_.back();
}

}  // namespace orgsim
