#include "orgsim/server/change_event_json.h"

#include <nlohmann/json.hpp>

#include "orgsim/core/event_schema.h"
#include "orgsim/core/query.h"
#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// Where a field of the object stands in the event: a member, or a part of a compound member.
struct Place {
  const EventSchemaField* field = nullptr;
  const EventSchemaField::Part* part = nullptr;

  FieldType type() const { return part == nullptr ? field->type : part->type; }
  std::string name() const { return part == nullptr ? field->name : field->name + "." + part->name; }
};

Place find_place(const EventSchema& schema, const std::string& field_name) {
  const auto found = schema.positions.find(field_name);
  if (found == schema.positions.end()) return {};
  const auto [position, part] = found->second;
  const EventSchemaField& field = schema.fields[static_cast<std::size_t>(position) - 1];
  return {.field = &field, .part = part < 0 ? nullptr : &field.parts[static_cast<std::size_t>(part)]};
}

json names(const EventSchema& schema, const std::vector<std::string>& fields) {
  json out = json::array();
  for (const std::string& name : fields) {
    if (const Place place = find_place(schema, name); place.field != nullptr) out.push_back(place.name());
  }
  return out;
}

json event_value(FieldType type, const Value& value) {
  if (const auto* ms = std::get_if<std::int64_t>(&value); ms != nullptr && type == FieldType::datetime) {
    return bulk_datetime(*ms);
  }
  return rest_value(type, to_view(value));
}

std::string platform_event_json(const ChangeEvent& event) {
  json payload = json::object();
  for (std::size_t i = 0; i < event.fields.size(); ++i) {
    payload[event.fields[i].name] = event_value(event.schema->fields[i].type, event.fields[i].value);
  }
  return json_text(json{{"schema", event.schema->id},
                        {"payload", std::move(payload)},
                        {"event", {{"replayId", event.replay_id}, {"EventUuid", event.uuid}}}});
}

}  // namespace

std::string change_event_json(const ChangeEvent& event) {
  if (event.schema != nullptr && event.schema->platform_event) return platform_event_json(event);
  json payload = json::object();
  payload["ChangeEventHeader"] = {{"entityName", event.entity},
                                  {"recordIds", event.record_ids},
                                  {"changeType", change_type_name(event.type)},
                                  {"changeOrigin", event.change_origin},
                                  {"transactionKey", event.transaction_key},
                                  {"sequenceNumber", event.sequence_number},
                                  {"commitTimestamp", event.commit_ms},
                                  {"commitNumber", event.commit_number},
                                  {"commitUser", event.commit_user},
                                  {"nulledFields", json::array()},
                                  {"diffFields", json::array()},
                                  {"changedFields", json::array()}};
  if (event.schema != nullptr) {
    json& header = payload["ChangeEventHeader"];
    header["nulledFields"] = names(*event.schema, event.nulled_fields);
    header["diffFields"] = names(*event.schema, event.diff_fields);
    header["changedFields"] = names(*event.schema, event.changed_fields);
    for (const EventField& field : event.fields) {
      const Place place = find_place(*event.schema, field.name);
      if (place.field == nullptr) continue;
      json value = event_value(place.type(), field.value);
      if (place.part == nullptr) {
        payload[place.field->name] = std::move(value);
      } else {
        payload[place.field->name][place.part->name] = std::move(value);
      }
    }
  }
  return json_text(json{{"schema", event.schema == nullptr ? "" : event.schema->id},
                        {"payload", std::move(payload)},
                        {"event", {{"replayId", event.replay_id}}}});
}

}  // namespace orgsim
