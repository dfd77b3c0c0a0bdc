#include "orgsim/core/write_input.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orgsim/core/ascii.h"

namespace orgsim {

namespace {

using nlohmann::json;

Outcome<Value> scalar(std::string_view name, const json& value) {
  if (value.is_null()) return Value{};
  if (value.is_boolean()) return Value{value.get<bool>()};
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    return Value{value.get<double>()};
  }
  if (value.is_number_integer()) return Value{value.get<std::int64_t>()};
  if (value.is_number()) return Value{value.get<double>()};
  if (value.is_string()) return Value{value.get<std::string>()};
  return fail(codes::kJsonParser, fmt::format("Unexpected JSON value for '{}' at [line:1, column:2]", name));
}

Outcome<ParentKey> parent_key(std::string_view relationship, const json& body) {
  ParentKey key;
  for (const auto& [name, value] : body.items()) {
    if (same_name(name, "attributes")) {
      if (value.is_object() && value.contains("type") && value["type"].is_string())
        key.object = value["type"].get<std::string>();
      continue;
    }
    if (!key.field.empty()) {
      return fail(codes::kInvalidField, fmt::format("More than one field named in relationship {}", relationship));
    }
    key.field = name;
    auto read = scalar(name, value);
    if (!read) return std::unexpected(read.error());
    key.value = std::move(*read);
  }
  if (key.field.empty())
    return fail(codes::kInvalidField, fmt::format("No external id named in relationship {}", relationship));
  return key;
}

}  // namespace

void RecordInput::set(std::string_view name, Value value) { fields.push_back({std::string(name), std::move(value)}); }

void RecordInput::set_parent(std::string_view relationship, std::string_view key_field, Value key,
                             std::string_view target) {
  fields.push_back({std::string(relationship), ParentKey{std::string(target), std::string(key_field), std::move(key)}});
}

Outcome<RecordInput> record_input(const json& body) {
  if (!body.is_object()) return fail(codes::kJsonParser, "The record must be a JSON object at [line:1, column:1]");
  RecordInput record;
  for (const auto& [name, value] : body.items()) {
    if (same_name(name, "attributes")) {
      if (value.is_object() && value.contains("type") && value["type"].is_string()) {
        record.object = value["type"].get<std::string>();
      }
    } else if (same_name(name, "id")) {
      if (value.is_string()) {
        record.id = value.get<std::string>();
      } else if (!value.is_null()) {
        return fail(codes::kMalformedId, "malformed id " + value.dump());
      }
    } else if (value.is_object()) {
      auto key = parent_key(name, value);
      if (!key) return std::unexpected(key.error());
      record.fields.push_back({name, std::move(*key)});
    } else {
      auto read = scalar(name, value);
      if (!read) return std::unexpected(read.error());
      record.fields.push_back({name, std::move(*read)});
    }
  }
  return record;
}

void add_csv_cell(RecordInput& record, std::string_view header, std::string_view cell) {
  record.csv = true;
  if (cell.empty()) return;
  const Value value = cell == "#N/A" ? Value{} : Value{std::string(cell)};
  if (same_name(header, "Id")) {
    record.id = cell;
    return;
  }
  const auto dot = header.find('.');
  if (dot == std::string_view::npos) return record.set(header, value);
  std::string_view relationship = header.substr(0, dot);
  std::string_view object;
  if (const auto colon = relationship.find(':'); colon != std::string_view::npos) {
    object = relationship.substr(0, colon);
    relationship.remove_prefix(colon + 1);
  }
  record.set_parent(relationship, header.substr(dot + 1), value, object);
}

}  // namespace orgsim
