#include <fmt/format.h>

#include <set>

#include "orgsim/core/ascii.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/transaction.h"

namespace orgsim {

namespace {

SaveResult no_id(std::string_view call) {
  SaveResult out;
  out.errors = {make_error(codes::kMissingArgument, fmt::format("Id not specified in {} call", call))};
  return out;
}

SaveResult run(Transaction& transaction, Operation operation, const BatchRecord& record, std::string_view key_field,
               const std::optional<UpsertTarget>& target) {
  switch (operation) {
    case Operation::insert:
      return transaction.insert(record.object, record.input);
    case Operation::update:
      if (record.input.id.empty()) return no_id("an update");
      return transaction.update(record.object, record.input.id, record.input);
    case Operation::upsert:
      if (same_name(key_field, "Id") && record.input.id.empty()) {
        return transaction.insert(record.object, record.input);
      }
      if (target) return transaction.upsert_at(*target, record.object, key_field, Value{}, record.input);
      return transaction.upsert(record.object, key_field, Value{}, record.input);
    case Operation::remove:
      if (record.input.id.empty()) return no_id("a delete");
      return transaction.remove(record.object, record.input.id);
    case Operation::purge:
      if (record.input.id.empty()) return no_id("a delete");
      return transaction.purge(record.object, record.input.id);
    case Operation::undelete:
      return transaction.undelete(record.object, record.input.id);
  }
  return {};
}

/// What makes two records of one batch the same: the id, or for upserts the key's text; empty when there is none.
std::string identity(Operation operation, const BatchRecord& record, std::string_view key_field) {
  if (operation == Operation::update || (operation == Operation::upsert && same_name(key_field, "Id"))) {
    return canonical_id(record.input.id).value_or("");
  }
  if (operation != Operation::upsert) return {};
  for (const InputField& field : record.input.fields) {
    const auto* value = std::get_if<Value>(&field.value);
    if (value == nullptr || !same_name(field.name, key_field)) continue;
    if (const auto* text = std::get_if<std::string>(value)) return fold_case(*text);
    if (const auto* number = std::get_if<double>(value)) return fmt::format("{}", *number);
    if (const auto* integer = std::get_if<std::int64_t>(value)) return fmt::format("{}", *integer);
  }
  return {};
}

void roll_back_all(std::vector<SaveResult>& results, Operation operation) {
  for (SaveResult& result : results) {
    if (!result.success) continue;
    result.success = false;
    // A rolled-back insert has no id; created stays true for upserts, as the real org answers (§0.13).
    if (result.created) result.id.clear();
    if (operation == Operation::insert) result.created = false;
    result.errors = {
        {std::string(codes::kAllOrNone),
         "Record rolled back because not all records were valid and the request was using AllOrNone header",
         {}}};
  }
}

}  // namespace

std::vector<std::optional<UpsertTarget>> find_upsert_targets(const Transaction& transaction,
                                                             std::span<const BatchRecord> records,
                                                             std::string_view key_field) {
  std::vector<std::optional<UpsertTarget>> targets(records.size());
  for (std::size_t i = 0; i < records.size() && !same_name(key_field, "Id"); ++i) {
    for (const InputField& field : records[i].input.fields) {
      const auto* value = std::get_if<Value>(&field.value);
      if (value == nullptr || !same_name(field.name, key_field) || !records[i].input.id.empty()) continue;
      if (auto found = transaction.find_upsert_target(records[i].object, key_field, *value))
        targets[i] = *std::move(found);
    }
  }
  return targets;
}

std::vector<SaveResult> write_batch(Transaction& transaction, Operation operation, std::span<const BatchRecord> records,
                                    bool all_or_none, std::string_view key_field,
                                    std::span<const std::optional<UpsertTarget>> targets) {
  const std::size_t start = transaction.savepoint();
  std::vector<SaveResult> results;
  results.reserve(records.size());
  std::set<std::string> seen;
  bool any_failed = false;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const BatchRecord& record = records[i];
    const std::string same = identity(operation, record, key_field);
    if (!same.empty() && !seen.insert(record.object + "/" + same).second) {
      SaveResult repeated;
      repeated.id = operation == Operation::update ? same : "";
      const bool by_id = operation == Operation::update;
      repeated.errors = {make_error(codes::kDuplicateValue,
                                    (by_id ? "Duplicate id in list: " : "Duplicate external id specified: ") + same)};
      results.push_back(std::move(repeated));
    } else {
      results.push_back(run(transaction, operation, record, key_field, i < targets.size() ? targets[i] : std::nullopt));
    }
    any_failed = any_failed || !results.back().success;
  }
  if (all_or_none && any_failed) {
    transaction.roll_back_to(start);
    roll_back_all(results, operation);
  }
  return results;
}

}  // namespace orgsim
