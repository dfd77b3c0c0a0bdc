#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/ascii.h"
#include "orgsim/core/field_value.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/record_types.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

/// The rows transport names one record in its path and answers 404; the others name records in the body.
bool in_path(const Writer& writer) {
  return writer.transport == Transport::rows || writer.transport == Transport::composite;
}

Value default_value(const FieldDef& field) {
  if (field.type == FieldType::boolean) return field.default_boolean();
  const auto chosen = std::ranges::find_if(field.picklist, &PicklistEntry::is_default);
  if (chosen != field.picklist.end()) return chosen->value;
  if (field.default_text.empty()) return {};
  return stored_value(field, Value{field.default_text}).value_or(Value{});
}

/// Values that the packed row does not hold are neither defaulted nor written.
bool is_virtual(const FieldDef& field) {
  return field.type == FieldType::id || field.name == "IsDeleted" || field.name == "SystemModstamp" ||
         is_compound(field.type);
}

class RuleView final : public RuleRecord {
 public:
  RuleView(const ObjectDef& object, std::string id, Operation operation, PendingRow& row)
      : object_(object), id_(std::move(id)), operation_(operation), row_(row) {}
  std::string_view object() const override { return object_.name; }
  std::string_view id() const override { return id_; }
  Operation operation() const override { return operation_; }
  Value before(std::string_view name) const override {
    const FieldDef* field = object_.field(name);
    return field != nullptr && field->index < row_.before.size() ? row_.before[field->index] : Value{};
  }
  Value after(std::string_view name) const override {
    const FieldDef* field = object_.field(name);
    return field != nullptr ? row_.after[field->index] : Value{};
  }
  bool set(std::string_view name, const Value& value) override {
    const FieldDef* field = object_.field(name);
    if (field == nullptr || is_virtual(*field)) return false;
    auto stored = stored_value(*field, value);
    if (!stored) return false;
    row_.after[field->index] = std::move(*stored);
    return true;
  }

 private:
  const ObjectDef& object_;
  std::string id_;
  Operation operation_;
  PendingRow& row_;
};

}  // namespace

Outcome<RowKey> Transaction::State::target(const ObjectDef& object, std::string_view id, bool want_deleted) const {
  const auto canonical = canonical_id(id);
  if (!canonical) {
    if (!in_path(writer)) return fail(codes::kMalformedId, fmt::format("malformed id {}", id));
    return fail(codes::kNotFound,
                fmt::format("Provided external ID field does not exist or is not accessible: {}", id));
  }
  if (!in_path(writer) && !canonical->starts_with(object.key_prefix)) {
    return fail(codes::kMalformedId, fmt::format("{} ID: id value of incorrect type: {}", object.label, *canonical),
                {"Id"});
  }
  const auto slot = org.slot_of_id(object, *canonical);
  const RowState state = slot ? state_of(row_key(object.index, *slot)) : RowState::absent;
  if (state == RowState::absent || state == RowState::purged) {
    if (in_path(writer)) return fail(codes::kNotFound, "The requested resource does not exist");
    return fail(codes::kInvalidCrossReference, "invalid cross reference id");
  }
  if (state == RowState::deleted && !want_deleted) return fail(codes::kEntityIsDeleted, "entity is deleted");
  return row_key(object.index, *slot);
}

Outcome<Value> Transaction::State::resolve_parent(const ObjectDef& object, const FieldDef& field,
                                                  const ParentKey& key) const {
  const std::string& name = !key.object.empty() || field.reference_to.size() != 1 ? key.object : field.reference_to[0];
  const auto allowed =
      std::ranges::find_if(field.reference_to, [&name](const auto& to) { return same_name(to, name); });
  const ObjectDef* parent = allowed == field.reference_to.end() ? nullptr : org.schema.object(name);
  if (parent == nullptr) {
    return fail(codes::kInvalidField, fmt::format("Relationship {} needs attributes.type, one of: {}",
                                                  field.relationship_name, fmt::join(field.reference_to, ", ")));
  }
  const FieldDef* by = parent->field(key.field);
  if (by == nullptr || !(by->id_lookup || by->type == FieldType::id)) {
    return fail(codes::kInvalidField,
                fmt::format("Field {} is not an external ID or indexed field for {}", key.field, parent->name));
  }
  if (by->type == FieldType::id) return stored_value(field, key.value);
  auto value = stored_value(*by, key.value);
  if (!value) return std::unexpected(value.error());
  auto slots = is_null(*value) ? std::vector<std::uint32_t>{} : find(*parent, *by, *value);
  if (parent->setup == Setup::record_types) {
    // Objects may have record types of the same name.
    std::erase_if(slots, [&](std::uint32_t slot) {
      return object.record_type(org.id_of(row_key(parent->index, slot))) == nullptr;
    });
  }
  if (slots.size() == 1) return Value{org.id_of(row_key(parent->index, slots[0]))};
  const std::string shown = Table::index_key(*by, to_view(*value));
  if (slots.empty()) {
    return fail(codes::kInvalidField, fmt::format("Foreign key external ID: {} not found for field {} in entity {}",
                                                  shown, by->name, parent->name));
  }
  return fail(codes::kDuplicateExternalId,
              fmt::format("{}: more than one record found for external id field: {}", by->name, shown), {by->name});
}

Outcome<std::vector<Assignment>> Transaction::State::resolve(const ObjectDef& object, const RecordInput& input,
                                                             bool insert) const {
  std::vector<Assignment> assignments;
  std::vector<std::string> not_writable;
  const ObjectDef& shown = seen(object);
  for (const InputField& given : input.fields) {
    const auto* parent = std::get_if<ParentKey>(&given.value);
    const FieldDef* field = parent != nullptr ? shown.relationship(given.name) : shown.field(given.name);
    if (field == nullptr) {
      return fail(codes::kInvalidField,
                  fmt::format("No such column '{}' on sobject of type {}", given.name, object.name));
    }
    if (insert ? !field->createable : !field->updateable) {
      not_writable.push_back(field->name);
      continue;
    }
    auto value = parent != nullptr ? resolve_parent(object, *field, *parent)
                                   : stored_value(*field, std::get<Value>(given.value), input.csv);
    if (!value) return std::unexpected(value.error());
    assignments.push_back({field, std::move(*value)});
  }
  if (!not_writable.empty()) {
    return fail(
        codes::kInvalidFieldForWrite,
        fmt::format("Unable to create/update fields: {}. Please check the security settings of this field and verify "
                    "that it is read/write for your profile or permission set.",
                    fmt::join(not_writable, ", ")),
        not_writable);
  }
  return assignments;
}

Outcome<std::string> Transaction::State::insert(const ObjectDef& object, const RecordInput& input) {
  if (!object.createable) {
    return fail("INVALID_TYPE_FOR_OPERATION", fmt::format("entity type {} does not support create", object.name));
  }
  if (!input.id.empty()) return fail(codes::kInvalidFieldForWrite, "cannot specify Id in an insert call", {"Id"});
  auto assignments = resolve(object, input, true);
  if (!assignments) return std::unexpected(assignments.error());
  constexpr std::uint64_t kRecordsPerMb = 512;
  const auto storage = static_cast<std::uint64_t>(org.settings.data_storage_mb) * kRecordsPerMb;
  // Rows of this transaction count as new ones, which some of them may not be: the limit comes a little early.
  if (storage > 0 && object.setup == Setup::none && org.stored_records() + order.size() >= storage) {
    return fail("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded");
  }
  return object.name == "ContentVersion" ? insert_version(object, *std::move(assignments))
                                         : insert_row(object, *assignments);
}

Outcome<std::string> Transaction::State::insert_row(const ObjectDef& object,
                                                    const std::vector<Assignment>& assignments) {
  const RowKey key = row_key(object.index, org.table(object).allocate());
  PendingRow& row = touch(key);
  for (const FieldDef& field : object.fields) {
    if (!field.removed && !is_virtual(field)) row.after[field.index] = default_value(field);
  }
  const auto set = [&](const char* name, Value value) {
    if (const FieldDef* field = object.field(name)) row.after[field->index] = std::move(value);
  };
  set("OwnerId", writer.user_id);
  const auto chosen = std::ranges::find_if(object.record_types, &RecordTypeDef::is_default);
  if (chosen != object.record_types.end()) set("RecordTypeId", chosen->id);
  if (org.multi_currency) set("CurrencyIsoCode", org.currency_of(writer.user_id));
  set("CreatedById", writer.user_id);
  set("CreatedDate", static_cast<std::int64_t>(org.now_second()) * 1000);
  if (object.platform_event) set("EventUuid", org.new_uuid());
  if (auto saved = save(object, key, assignments, Operation::insert); !saved) return std::unexpected(saved.error());
  if (object.platform_event) {
    if (auto counted = org.count_published(); !counted) return std::unexpected(counted.error());
  }
  return org.id_of(key);
}

Outcome<void> Transaction::State::update(const ObjectDef& object, std::string_view id, const RecordInput& input,
                                         const UpdateOptions& options) {
  const auto key = target(object, id);
  if (!key) return std::unexpected(key.error());
  if (!object.updateable) {
    return fail("INVALID_TYPE_FOR_OPERATION", fmt::format("entity type {} does not support update", object.name));
  }
  if (options.if_unmodified_since_ms) {
    const FieldDef* date = object.field("LastModifiedDate");
    const Value modified = date != nullptr ? current(*key, *date) : Value{};
    const auto* ms = std::get_if<std::int64_t>(&modified);
    if (ms != nullptr && *ms > *options.if_unmodified_since_ms) {
      return fail(codes::kPreconditionFailed, "The record was modified after the date of If-Unmodified-Since");
    }
  }
  auto assignments = resolve(object, input, false);
  if (!assignments) return std::unexpected(assignments.error());
  if (auto locked_row = lock(*key); !locked_row) return locked_row;
  touch(*key);
  return save(object, *key, *assignments, Operation::update);
}

Outcome<void> Transaction::State::save(const ObjectDef& object, RowKey key, const std::vector<Assignment>& assignments,
                                       Operation operation) {
  PendingRow& row = rows.at(key);
  const std::vector<Value> statement_start = row.after;
  std::vector<bool> spoken(object.fields.size());
  for (const Assignment& assignment : assignments) {
    row.after[assignment.field->index] = assignment.value;
    spoken[assignment.field->index] = true;
  }
  derive_fields(org, object, key, row, spoken);
  if (auto ruled = run_rules(object, key, row, operation); !ruled) return ruled;
  if (auto checked = check(object, key, row); !checked) return checked;
  // A modelling decision: an update that changes no field succeeds, but moves no stamp and makes no version and no
  // event. (The real org bumps the stamps; the protocol of design §5 must hold where a write leaves no event at all.)
  if (operation == Operation::update && row.after == statement_start) return {};
  if (auto unlike = check_duplicates(object, key, row); !unlike) return unlike;
  if (auto locked_rows = lock_parents(object, row, operation); !locked_rows) return locked_rows;
  stamp(row, object);
  for (const FieldDef& field : object.fields) {
    const Value& value = row.after[field.index];
    if ((field.id_lookup || field.unique) && !is_null(value)) note_key(object, field, value, key);
  }
  return automate_after(object, key, operation);
}

Outcome<void> Transaction::State::run_rules(const ObjectDef& object, RowKey key, PendingRow& row, Operation operation) {
  if (!org.rules.empty()) {
    RuleView view(object, org.id_of(key), operation, row);
    for (const auto& [id, rule] : org.rules) {
      if (auto error = rule(view)) return std::unexpected(std::move(*error));
    }
  }
  return automate_before(object, key, row, operation);
}

Outcome<void> Transaction::State::check(const ObjectDef& object, RowKey key, const PendingRow& row) {
  std::vector<std::string> missing;
  for (const FieldDef& field : object.fields) {
    const bool cleared = !row.inserted && !is_null(row.before[field.index]);
    if (!field.removed && is_null(row.after[field.index]) && field.required_on_create() && (row.inserted || cleared)) {
      missing.push_back(field.name);
    }
  }
  if (!missing.empty()) {
    return fail(codes::kRequiredFieldMissing,
                fmt::format("Required fields are missing: [{}]", fmt::join(missing, ", ")), missing);
  }
  for (const FieldDef& field : object.fields) {
    const Value& value = row.after[field.index];
    if (field.removed || is_null(value) || (!row.inserted && value == row.before[field.index])) continue;
    if (field.name == "RecordTypeId" && !field.custom) {
      if (auto checked = check_record_type(object, value); !checked) return checked;
    }
    if (field.type == FieldType::reference) {
      if (auto checked = check_reference(field, value); !checked) return checked;
    }
    if (field.unique) {
      if (auto checked = check_unique(object, key, field, value); !checked) return checked;
    }
  }
  return {};
}

Outcome<void> Transaction::State::check_unique(const ObjectDef& object, RowKey key, const FieldDef& field,
                                               const Value& value) {
  for (const std::uint32_t slot : find(object, field, value)) {
    if (row_key(object.index, slot) == key) continue;
    return fail(codes::kDuplicateValue, fmt::format("duplicate value found: {} duplicates value on record with id: {}",
                                                    field.name, org.id_of(row_key(object.index, slot)).substr(0, 15)));
  }
  const std::string text = fmt::format("{}/{}/{}", object.index, field.index, Table::index_key(field, to_view(value)));
  const auto [at, end] = org.unique_keys.equal_range(text);
  for (auto held = at; held != end; ++held) {
    if (held->second == this) return {};
    // Another open transaction has the key: the real org waits for it and gives up after the lock wait (§5).
    return fail(codes::kUnableToLockRow, "unable to obtain exclusive access to this record");
  }
  org.unique_keys.emplace(text, this);
  unique_keys.push_back(text);
  return {};
}

Outcome<void> Transaction::State::check_record_type(const ObjectDef& object, const Value& value) {
  const auto& id = std::get<std::string>(value);
  const RecordTypeDef* type = object.record_type(id);
  // An id of another kind of record is told as such by check_reference.
  if ((type != nullptr && type->active) || !id.starts_with(kMasterRecordType.substr(0, 3))) return {};
  return fail(codes::kInvalidCrossReference,
              fmt::format("Record Type ID: this ID value isn't valid for the user: {}", id), {"RecordTypeId"});
}

Outcome<void> Transaction::State::check_reference(const FieldDef& field, const Value& value) const {
  const auto& id = std::get<std::string>(value);
  const ObjectDef* parent = org.schema.object_by_prefix(id);
  const bool allowed = parent != nullptr && std::ranges::any_of(field.reference_to, [parent](const std::string& name) {
                         return same_name(name, parent->name);
                       });
  if (!allowed) {
    return fail(codes::kMalformedId, fmt::format("{}: id value of incorrect type: {}", field.label, id), {field.name});
  }
  const auto slot = org.slot_of_id(*parent, id);
  if (!slot || state_of(row_key(parent->index, *slot)) != RowState::live) {
    return fail(codes::kInvalidCrossReference, "invalid cross reference id", {field.name});
  }
  if (automation_depth == 0 && !record_access(*parent, row_key(parent->index, *slot)).read) {
    return fail("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                fmt::format("insufficient access rights on cross-reference id: {}", id.substr(0, 15)));
  }
  return {};
}

}  // namespace orgsim
