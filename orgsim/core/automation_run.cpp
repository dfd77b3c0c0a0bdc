// What the org's automation does inside a transaction (spec §0.3, §5, §9).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/automation.h"
#include "orgsim/core/field_value.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

using nlohmann::json;

/// As deep as the real org lets triggers call one another.
constexpr int kDepthMax = 16;

std::string_view event_name(Operation operation) {
  switch (operation) {
    case Operation::insert:
      return "Insert";
    case Operation::remove:
      return "Delete";
    case Operation::undelete:
      return "Undelete";
    default:
      return "Update";
  }
}

/// A failing trigger as its caller sees it, unless the rule names a code of its own.
Error trigger_error(const AutomationRule& rule, std::string_view when, Operation operation, const Error& cause) {
  if (!cause.code.empty()) return cause;
  return make_error(
      "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
      fmt::format("{}: execution of {}{}\n\ncaused by: {}", rule.name, when, event_name(operation), cause.message),
      cause.fields);
}

Error nested_error(const AutomationRule& rule, Operation operation, std::string_view verb, const std::string& id,
                   const Error& cause) {
  const Error nested{
      "",
      fmt::format("System.DmlException: {} failed. First exception on row 0{}; first error: {}, {}: [{}]", verb,
                  id.empty() ? "" : " with id " + id, cause.code, cause.message, fmt::join(cause.fields, ", ")),
      {}};
  return trigger_error(rule, "After", operation, nested);
}

}  // namespace

Outcome<void> Transaction::State::automate_before(const ObjectDef& object, RowKey key, PendingRow& row,
                                                  Operation operation) {
  for (const RuleKind kind : {RuleKind::before, RuleKind::validation}) {
    for (AutomationRule& rule : org.automation.rules()) {
      if (rule.kind != kind || rule.object != object.index || !rule.runs_on(operation)) continue;
      if (!conditions_hold(object, rule.when, row.before, row.after)) continue;
      ++rule.fired;
      service_ms += rule.service_ms;
      if (rule.error) return std::unexpected(trigger_error(rule, "Before", operation, *rule.error));
      for (const RuleAssignment& assignment : rule.set) {
        const FieldDef* field = object.field(assignment.field);
        if (field == nullptr || operation == Operation::remove) continue;
        auto value = stored_value(*field, rule_value(object, assignment.value, org.id_of(key), row.before, row.after));
        if (!value) return std::unexpected(trigger_error(rule, "Before", operation, {"", value.error().message, {}}));
        row.after[field->index] = *std::move(value);
      }
    }
  }
  return {};
}

Outcome<void> Transaction::State::check_duplicates(const ObjectDef& object, RowKey key, const PendingRow& row) {
  for (AutomationRule& rule : org.automation.rules()) {
    if (rule.kind != RuleKind::duplicate || rule.object != object.index) continue;
    if (rule.allow_save && writer.allow_duplicates) continue;
    const bool touched = row.inserted || std::ranges::any_of(rule.match, [&row](std::uint16_t field) {
                           return row.before[field] != row.after[field];
                         });
    const bool complete =
        std::ranges::none_of(rule.match, [&row](std::uint16_t field) { return is_null(row.after[field]); });
    if (!touched || !complete || !conditions_hold(object, rule.when, row.before, row.after)) continue;
    json matches = json::array();
    for (const std::uint32_t slot : find(object, object.fields[rule.match.front()], row.after[rule.match.front()])) {
      const RowKey other = row_key(object.index, slot);
      const bool same = other != key && std::ranges::all_of(rule.match, [&](std::uint16_t index) {
                          const FieldDef& field = object.fields[index];
                          const Value value = current(other, field);
                          return !is_null(value) && Table::index_key(field, to_view(value)) ==
                                                        Table::index_key(field, to_view(row.after[index]));
                        });
      if (!same) continue;
      matches.push_back({{"additionalInformation", json::array()},
                         {"fieldDiffs", json::array()},
                         {"matchConfidence", 100.0},
                         {"record", {{"attributes", {{"type", object.name}}}, {"Id", org.id_of(other)}}}});
    }
    if (matches.empty()) continue;
    ++rule.fired;
    const std::size_t size = matches.size();
    Error error = *rule.error;
    error.details = json{{"allowSave", rule.allow_save},
                         {"duplicateRule", rule.name},
                         {"duplicateRuleEntityType", object.name},
                         {"errorMessage", error.message},
                         {"matchResults",
                          {{{"entityType", object.name},
                            {"errors", json::array()},
                            {"matchEngine", "ExactMatchEngine"},
                            {"matchRecords", std::move(matches)},
                            {"rule", rule.name},
                            {"size", size},
                            {"success", true}}}}}
                        .dump();
    return std::unexpected(std::move(error));
  }
  return {};
}

Outcome<void> Transaction::State::automate_after(const ObjectDef& object, RowKey key, Operation operation) {
  if (org.automation.rules().empty()) return {};
  if (automation_depth >= kDepthMax) {
    return fail("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", fmt::format("{}: maximum trigger depth exceeded", object.name));
  }
  ++automation_depth;
  Outcome<void> done = run_after_rules(object, key, operation);
  --automation_depth;
  return done;
}

Outcome<void> Transaction::State::run_after_rules(const ObjectDef& object, RowKey key, Operation operation) {
  // What the rules see is this write; what they write themselves is the next one's business.
  const std::vector<Value> before = rows.at(key).before;
  const std::vector<Value> after = rows.at(key).after;
  for (AutomationRule& rule : org.automation.rules()) {
    if (rule.kind != RuleKind::after || rule.object != object.index || !rule.runs_on(operation)) continue;
    if (!conditions_hold(object, rule.when, before, after)) continue;
    ++rule.fired;
    service_ms += rule.service_ms;
    if (rule.error) return std::unexpected(trigger_error(rule, "After", operation, *rule.error));
    if (rule.write.kind == RuleWrite::Kind::none) continue;
    if (auto written = run_write(object, key, rule, operation, before, after); !written) return written;
  }
  for (const AutomationRule& rule : org.automation.rules()) {
    if (rule.kind != RuleKind::rollup || rule.rollup.child != object.index) continue;
    const std::uint16_t reference = rule.rollup.reference;
    if (auto rolled = roll_up(rule, after[reference]); !rolled) return rolled;
    const bool moved = reference < before.size() && before[reference] != after[reference];
    if (!moved) continue;
    if (auto rolled = roll_up(rule, before[reference]); !rolled) return rolled;
  }
  return {};
}

Outcome<void> Transaction::State::run_write(const ObjectDef& object, RowKey key, const AutomationRule& rule,
                                            Operation operation, const std::vector<Value>& before,
                                            const std::vector<Value>& after) {
  const RuleWrite& write = rule.write;
  const ObjectDef& target = org.schema.object_at(write.object);
  const std::string own_id = org.id_of(key);
  RecordInput input;
  for (const RuleAssignment& assignment : write.set) {
    input.set(assignment.field, rule_value(object, assignment.value, own_id, before, after));
  }
  if (write.kind == RuleWrite::Kind::create) {
    const auto made = insert(target, input);
    if (!made) return std::unexpected(nested_error(rule, operation, "Insert", {}, made.error()));
    return {};
  }
  const Value id = rule_value(object, write.id, own_id, before, after);
  const auto* text = std::get_if<std::string>(&id);
  if (text == nullptr) return {};
  std::vector<std::string> ids;
  if (write.by) {
    for (const std::uint32_t slot : find(target, target.fields[*write.by], id)) {
      ids.push_back(org.id_of(row_key(target.index, slot)));
    }
  } else {
    ids.push_back(*text);
  }
  for (const std::string& each : ids) {
    const auto slot = org.slot_of_id(target, each);
    const bool is_update = write.kind == RuleWrite::Kind::update;
    const Outcome<void> done = !slot ? Outcome<void>(fail(codes::kInvalidCrossReference, "invalid cross reference id"))
                               : is_update ? update(target, each, input, {})
                                           : remove(target, *slot, false, 0);
    if (!done)
      return std::unexpected(nested_error(rule, operation, is_update ? "Update" : "Delete", each, done.error()));
  }
  return {};
}

Outcome<void> Transaction::State::roll_up(const AutomationRule& rule, const Value& parent_id) {
  const auto* id = std::get_if<std::string>(&parent_id);
  const ObjectDef& parent = org.schema.object_at(rule.object);
  const auto slot = id != nullptr ? org.slot_of_id(parent, *id) : std::nullopt;
  if (!slot) return {};
  const RowKey key = row_key(parent.index, *slot);
  if (state_of(key) != RowState::live) return {};
  if (auto locked_row = lock(key); !locked_row) return locked_row;
  const ObjectDef& child = org.schema.object_at(rule.rollup.child);
  double total = 0;
  std::optional<double> extreme;
  std::size_t count = 0;
  for (const std::uint32_t at : find(child, child.fields[rule.rollup.reference], parent_id)) {
    ++count;
    if (rule.rollup.function == Rollup::Function::count) continue;
    const Value value = current(row_key(child.index, at), child.fields[rule.rollup.source]);
    const auto* real = std::get_if<double>(&value);
    const auto* whole = std::get_if<std::int64_t>(&value);
    if (real == nullptr && whole == nullptr) continue;
    const double number = real != nullptr ? *real : static_cast<double>(*whole);
    total += number;
    const bool is_min = rule.rollup.function == Rollup::Function::min;
    extreme = !extreme ? number : is_min ? std::min(*extreme, number) : std::max(*extreme, number);
  }
  Value result = static_cast<double>(count);
  if (rule.rollup.function == Rollup::Function::sum) result = total;
  if (rule.rollup.function == Rollup::Function::min || rule.rollup.function == Rollup::Function::max) {
    result = extreme ? Value{*extreme} : Value{};
  }
  const FieldDef& field = parent.fields[rule.rollup.field];
  const auto stored = stored_value(field, result);
  if (!stored || current(key, field) == *stored) return {};
  // No stamp and no event: a computed value is not an edit of the parent (spec §0.7, §6.3).
  PendingRow& row = touch(key);
  row.after[field.index] = *stored;
  if (org.settings.rollups_move_stamp) row.stamp = org.now_second();
  return {};
}

}  // namespace orgsim
