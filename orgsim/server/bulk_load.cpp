#include "orgsim/server/bulk_load.h"

#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/ascii.h"
#include "orgsim/server/write_request.h"

namespace orgsim {

namespace {

using std::chrono::steady_clock;

std::unexpected<Error> invalid_batch(std::string_view what) { return fail("InvalidBatch", std::string(what)); }

std::unexpected<Error> not_found_column(std::string_view column) {
  constexpr std::size_t kShown = 255;
  return invalid_batch(fmt::format("Field name not found : {}", column.substr(0, kShown)));
}

/// "Rel.Ext__c" or "Type:Rel.Ext__c".
Outcome<void> check_relationship(const Schema& schema, const ObjectDef& object, std::string_view column) {
  const auto dot = column.find('.');
  std::string_view relationship = column.substr(0, dot);
  std::string_view type;
  if (const auto colon = relationship.find(':'); colon != std::string_view::npos) {
    type = relationship.substr(0, colon);
    relationship.remove_prefix(colon + 1);
  }
  const FieldDef* reference = object.relationship(relationship);
  if (reference == nullptr) return not_found_column(column);
  if (!type.empty() && reference->reference_to.size() == 1) {
    return invalid_batch("type is not needed for non polymorphic foreign key " + std::string(column));
  }
  if (type.empty() && !reference->reference_to.empty()) type = reference->reference_to.front();
  const auto allowed =
      std::ranges::find_if(reference->reference_to, [&](const auto& to) { return same_name(to, type); });
  const ObjectDef* parent = allowed == reference->reference_to.end() ? nullptr : schema.object(type);
  if (parent == nullptr || parent->field(column.substr(dot + 1)) == nullptr) return not_found_column(column);
  return {};
}

std::uint32_t error_place(BulkLoad& load, const Error& error) {
  // Failures of one load are mostly the same few in a row.
  constexpr std::size_t kLookedBack = 8;
  const std::size_t first = load.errors.size() - std::min(load.errors.size(), kLookedBack);
  for (std::size_t i = load.errors.size(); i > first; --i) {
    if (load.errors[i - 1] == error) return static_cast<std::uint32_t>(i - 1);
  }
  load.errors.push_back(error);
  return static_cast<std::uint32_t>(load.errors.size() - 1);
}

void note(BulkLoad& load, const SaveResult& result) {
  BulkOutcome& outcome = load.outcomes.emplace_back();
  if (result.id.size() == outcome.id.size()) std::ranges::copy(result.id, outcome.id.begin());
  if (result.success) {
    outcome.kind = result.created ? BulkOutcome::Kind::created : BulkOutcome::Kind::changed;
    return;
  }
  outcome.kind = BulkOutcome::Kind::failed;
  outcome.error = error_place(load, result.errors.empty() ? Error{} : result.errors.front());
  ++load.failed;
}

}  // namespace

std::string bulk_error_text(const Error& error) {
  std::string fields;
  for (const std::string& field : error.fields) fields += field + " ";
  return fmt::format("{}:{}:{}--", error.code, error.message, fields);
}

Outcome<void> check_columns(const Schema& schema, const BulkLoad& load, const std::vector<std::string>& columns) {
  const ObjectDef* object = schema.object(load.object);
  if (object == nullptr) return invalid_batch("Unable to find object: " + load.object);
  const bool by_id = load.operation == Operation::remove || load.operation == Operation::purge;
  for (const std::string& column : columns) {
    if (by_id && !same_name(column, "Id")) return invalid_batch("Delete batch must contain only ids");
    if (column.find('.') != std::string::npos) {
      if (auto checked = check_relationship(schema, *object, column); !checked) return checked;
    } else if (object->field(column) == nullptr) {
      return not_found_column(column);
    }
  }
  return {};
}

void write_chunk(OrgHost::Access& org, BulkLoad& load, const std::vector<BatchRecord>& records) {
  const auto started = steady_clock::now();
  Transaction transaction = org->begin(load.writer);
  const std::size_t start = transaction.savepoint();
  std::vector<std::optional<UpsertTarget>> targets;
  if (const std::int64_t window = org->settings().upsert_window_ms; window > 0 && load.operation == Operation::upsert) {
    targets = find_upsert_targets(transaction, records, load.key_field);
    org.pause(std::chrono::milliseconds(window));
  }
  const std::vector<SaveResult> results = wait_for_locks(org, [&] {
    transaction.roll_back_to(start);
    return write_batch(transaction, load.operation, records, false, load.key_field, targets);
  });
  if (commit_in_time(org, transaction, started)) {
    for (const SaveResult& result : results) note(load, result);
  } else {
    fail_chunk(load, records.size(), make_error("TXN_TIMED_OUT", "the transaction was running for too long"));
  }
  load.working_ms += std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - started).count();
}

void fail_chunk(BulkLoad& load, std::size_t records, const Error& error) {
  const SaveResult failed{.id = {}, .success = false, .created = false, .errors = {error}};
  for (std::size_t i = 0; i < records; ++i) note(load, failed);
}

}  // namespace orgsim
