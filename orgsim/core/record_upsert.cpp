#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/ascii.h"
#include "orgsim/core/field_value.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

/// The key given beside the record, or the one inside it.
Outcome<Value> key_value(const FieldDef& field, const Value& key, const RecordInput& input) {
  const auto inside = std::ranges::find_if(
      input.fields, [&field](const InputField& given) { return same_name(given.name, field.name); });
  if (!is_null(key)) {
    if (inside != input.fields.end()) {
      return fail(codes::kInvalidField,
                  fmt::format("The {} field should not be specified in the sobject data.", field.name));
    }
    return stored_value(field, key);
  }
  const auto* given = inside == input.fields.end() ? nullptr : std::get_if<Value>(&inside->value);
  auto value = given != nullptr ? stored_value(field, *given, input.csv) : Outcome<Value>{Value{}};
  if (value && is_null(*value)) return fail(codes::kMissingArgument, fmt::format("{} not specified", field.name));
  return value;
}

SaveResult failed(Error error) { return {.id = {}, .success = false, .created = false, .errors = {std::move(error)}}; }

}  // namespace

Outcome<const FieldDef*> Transaction::State::key_field(const ObjectDef& object, std::string_view name) const {
  const FieldDef* field = seen(object).field(name);
  if (field == nullptr || !(field->id_lookup || field->external_id)) {
    return fail(codes::kNotFound,
                fmt::format("Provided external ID field does not exist or is not accessible: {}", name));
  }
  return field;
}

Outcome<UpsertTarget> Transaction::find_upsert_target(std::string_view object_name, std::string_view key_name,
                                                      const Value& key) const {
  const auto object = state_->object(object_name);
  if (!object) return std::unexpected(object.error());
  const auto field = state_->key_field(**object, key_name);
  if (!field) return std::unexpected(field.error());
  const auto value = stored_value(**field, key);
  if (!value) return std::unexpected(value.error());
  UpsertTarget target;
  if ((*field)->type == FieldType::id) {
    if (const auto* id = std::get_if<std::string>(&*value)) target.ids.push_back(*id);
    return target;
  }
  if (is_null(*value)) return fail(codes::kMissingArgument, fmt::format("{} not specified", (*field)->name));
  for (const std::uint32_t slot : state_->find(**object, **field, *value)) {
    target.ids.push_back(state_->org.id_of(row_key((*object)->index, slot)));
  }
  return target;
}

SaveResult Transaction::upsert(std::string_view object_name, std::string_view key_name, const Value& key,
                               const RecordInput& input, const UpsertOptions& options) {
  const auto object = state_->object(object_name);
  if (!object) return failed(object.error());
  const auto field = state_->key_field(**object, key_name);
  if (!field) return failed(field.error());
  if ((*field)->type == FieldType::id) {
    const auto* id = std::get_if<std::string>(&key);
    return update(object_name, id != nullptr ? *id : input.id, input);
  }
  if (!input.id.empty())
    return failed({std::string(codes::kInvalidFieldForWrite), "cannot specify Id in an upsert by external id", {"Id"}});
  const auto value = key_value(**field, key, input);
  if (!value) return failed(value.error());
  const auto target = find_upsert_target(object_name, key_name, *value);
  if (!target) return failed(target.error());
  return upsert_at(*target, object_name, key_name, key, input, options);
}

SaveResult Transaction::upsert_at(const UpsertTarget& target, std::string_view object_name, std::string_view key_name,
                                  const Value& key, const RecordInput& input, const UpsertOptions& options) {
  const auto object = state_->object(object_name);
  if (!object) return failed(object.error());
  const auto field = state_->key_field(**object, key_name);
  if (!field) return failed(field.error());
  const auto value = key_value(**field, key, input);
  if (!value) return failed(value.error());
  if (target.ids.size() > 1) {
    SaveResult result = failed({std::string(codes::kDuplicateExternalId),
                                fmt::format("{}: more than one record found for external id field: [{}]",
                                            (*field)->name, fmt::join(target.ids, ", ")),
                                {(*field)->name}});
    result.candidates = target.ids;
    return result;
  }
  RecordInput record = input;
  std::erase_if(record.fields, [&](const InputField& given) { return same_name(given.name, (*field)->name); });
  if (target.ids.size() == 1) return update(object_name, target.ids[0], record);
  if (options.update_only) return failed({std::string(codes::kNotFound), "The requested resource does not exist", {}});
  record.set((*field)->name, *value);
  SaveResult result = insert(object_name, record);
  result.created = result.success;
  return result;
}

}  // namespace orgsim
