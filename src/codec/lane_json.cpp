#include "codec/lane_json.h"

#include <string_view>
#include <type_traits>

#include "codec/json_members.h"

namespace duet::codec {
namespace {

using Json = nlohmann::json;

// Structured bindings name every member: who adds one to the model is told by the compiler to store it as well.

/// Reads a name by the function that knows it.
template <class Find>
auto named(Find find) {
  return [find](const Json& json) -> Result<typename std::invoke_result_t<Find, std::string_view>::value_type> {
    if (json.is_string()) {
      if (const auto found = find(json.get_ref<const std::string&>())) return *found;
    }
    return fail(ErrorKind::bad_data, "unknown name");
  };
}

Json to_json(const TimeInterval& interval) { return Json::array({interval.from, interval.to}); }

Result<TimeInterval> interval_from(const Json& json) {
  if (!json.is_array() || json.size() != 2 || !json[0].is_number_integer() || !json[1].is_number_integer()) {
    return fail(ErrorKind::bad_data, "not an interval");
  }
  return TimeInterval{json[0].get<TimeMs>(), json[1].get<TimeMs>()};
}

Json to_json(const FrozenField& field);
Json to_json(const PendingField& field);
Json to_json(const PendingLog& log);
Json to_json(const SentField& field);
Json to_json(const Attempt& attempt);
Json to_json(const std::vector<HeldValue>& values);

void put(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}
void put(Json& json, const char* name, bool flag) {
  if (flag) json[name] = true;
}
void put(Json& json, const char* name, TimeMs number) {
  if (number != 0) json[name] = number;
}

template <class List>
void put_list(Json& json, const char* name, const List& list) {
  if (list.empty()) return;
  Json& array = json[name] = Json::array();
  for (const auto& each : list) array.push_back(to_json(each));
}

template <class Map>
void put_map(Json& json, const char* name, const Map& map) {
  if (map.empty()) return;
  Json& object = json[name] = Json::object();
  for (const auto& [key, each] : map) object[key] = to_json(each);
}

Json to_json(const PendingField& field) {
  const auto& [base, changed_at] = field;
  return {{"base", value_to_json(base)}, {"changed_at", to_json(changed_at)}};
}

Result<PendingField> pending_field_from(const Json& json) {
  PendingField field;
  JsonMembers members(json);
  members.read("base", field.base);
  members.read_with("changed_at", field.changed_at, interval_from);
  DUET_TRY(members.finish("pending field"));
  return field;
}

Json to_json(const PendingLog& log) {
  const auto& [log_id, fields, values, changed_at] = log;
  Json json = {{"id", log_id}, {"fields", fields}};
  if (!values.empty()) json["values"] = fields_to_json(values);
  if (changed_at != TimeInterval{}) json["changed_at"] = to_json(changed_at);
  return json;
}

Result<PendingLog> pending_log_from(const Json& json) {
  PendingLog log;
  JsonMembers members(json);
  members.read("id", log.log_id);
  members.read("fields", log.fields);
  members.read("values", log.values);
  members.read_with("changed_at", log.changed_at, interval_from);
  DUET_TRY(members.finish("pending log"));
  return log;
}

Json to_json(const PendingDelete& removal) {
  const auto& [log_id, old_values, changed_at, approved, ours] = removal;
  Json json = {{"log_id", log_id}, {"old", fields_to_json(old_values)}, {"changed_at", to_json(changed_at)}};
  put(json, "approved", approved);
  for (const auto& [name, values] : ours) {
    Json& list = json["ours"][name] = Json::array();
    for (const Value& value : values) list.push_back(value_to_json(value));
  }
  return json;
}

Result<std::vector<Value>> values_from(const Json& json) {
  if (!json.is_array()) return fail(ErrorKind::bad_data, "values must be an array");
  std::vector<Value> values;
  for (const Json& each : json) values.push_back(DUET_TRY(value_from_json(each)));
  return values;
}

Result<PendingDelete> pending_delete_from(const Json& json) {
  PendingDelete removal;
  JsonMembers members(json);
  members.read("log_id", removal.log_id);
  members.read("old", removal.old_values);
  members.read_with("changed_at", removal.changed_at, interval_from);
  members.read("approved", removal.approved);
  members.read_map("ours", removal.ours, values_from);
  DUET_TRY(members.finish("pending delete"));
  return removal;
}

Json to_json(const SentField& field) {
  const auto& [value, base, changed_at] = field;
  return {{"value", value_to_json(value)}, {"base", value_to_json(base)}, {"changed_at", to_json(changed_at)}};
}

Result<SentField> sent_field_from(const Json& json) {
  SentField field;
  JsonMembers members(json);
  members.read("value", field.value);
  members.read("base", field.base);
  members.read_with("changed_at", field.changed_at, interval_from);
  DUET_TRY(members.finish("sent field"));
  return field;
}

Json to_json(const Attempt& attempt) {
  const auto& [token, kind, state, fields, log, removal, row_stamp, sent_at, decided_at, passed, conditional] = attempt;
  Json json = {{"token", token}, {"kind", name_of(kind)}, {"state", name_of(state)}};
  put_map(json, "fields", fields);
  put_list(json, "log", log);
  if (removal) json["removal"] = to_json(*removal);
  put(json, "row_stamp", row_stamp);
  put(json, "sent_at", sent_at);
  put(json, "decided_at", decided_at);
  put(json, "passed", passed);
  put(json, "conditional", conditional);
  return json;
}

Result<Attempt> attempt_from(const Json& json) {
  Attempt attempt;
  JsonMembers members(json);
  members.read("token", attempt.token);
  members.read_with("kind", attempt.kind, named(attempt_kind_from_name));
  members.read_with("state", attempt.state, named(attempt_state_from_name));
  members.read_map("fields", attempt.fields, sent_field_from);
  members.read_list("log", attempt.log, pending_log_from);
  members.read_with("removal", attempt.removal, pending_delete_from);
  members.read("row_stamp", attempt.row_stamp);
  members.read("sent_at", attempt.sent_at);
  members.read("decided_at", attempt.decided_at);
  members.read("passed", attempt.passed);
  members.read("conditional", attempt.conditional);
  DUET_TRY(members.finish("attempt"));
  return attempt;
}

Json to_json(const HeldValue& held) {
  const auto& [value, changed_at, actor, certain, own] = held;
  Json json = {
      {"value", value_to_json(value)}, {"changed_at", to_json(changed_at)}, {"certain", certain}, {"own", own}};
  put(json, "actor", actor);
  return json;
}

Result<HeldValue> held_value_from(const Json& json) {
  HeldValue held;
  JsonMembers members(json);
  members.read("value", held.value);
  members.read_with("changed_at", held.changed_at, interval_from);
  members.read("actor", held.actor);
  members.read("certain", held.certain);
  members.read("own", held.own);
  DUET_TRY(members.finish("held value"));
  return held;
}

Json to_json(const std::vector<HeldValue>& values) {
  Json json = Json::array();
  for (const HeldValue& held : values) json.push_back(to_json(held));
  return json;
}

Result<std::vector<HeldValue>> held_values_from(const Json& json) {
  if (!json.is_array()) return fail(ErrorKind::bad_data, "held values must be an array");
  std::vector<HeldValue> values;
  for (const Json& each : json) values.push_back(DUET_TRY(held_value_from(each)));
  return values;
}

Json to_json(const Dirty& dirty) {
  const auto& [reason, since, reads] = dirty;
  return {{"reason", reason}, {"since", since}, {"reads", reads}};
}

Result<Dirty> dirty_from(const Json& json) {
  Dirty dirty;
  JsonMembers members(json);
  members.read("reason", dirty.reason);
  members.read("since", dirty.since);
  members.read("reads", dirty.reads);
  DUET_TRY(members.finish("dirty mark"));
  return dirty;
}

Json to_json(const ReadVersion& version) {
  const auto& [stamp, until] = version;
  Json json = Json::object();
  put(json, "stamp", stamp);
  put(json, "until", until);
  return json;
}

Result<ReadVersion> read_version_from(const Json& json) {
  ReadVersion version;
  JsonMembers members(json);
  members.read("stamp", version.stamp);
  members.read("until", version.until);
  DUET_TRY(members.finish("read version"));
  return version;
}

Json to_json(const Tombstone& tombstone) {
  const auto& [until] = tombstone;
  return {{"until", until}};
}

Result<Tombstone> tombstone_from(const Json& json) {
  Tombstone tombstone;
  JsonMembers members(json);
  members.read("until", tombstone.until);
  DUET_TRY(members.finish("tombstone"));
  return tombstone;
}

Json to_json(const WaitsFor& parent) {
  const auto& [field, key] = parent;
  return {{"field", field}, {"key", key}};
}

Result<WaitsFor> waits_for_from(const Json& json) {
  WaitsFor parent;
  JsonMembers members(json);
  members.read("field", parent.field);
  members.read("key", parent.key);
  DUET_TRY(members.finish("awaited parent"));
  return parent;
}

Json to_json(const FrozenField& field) {
  const auto& [base, salesforce, org, salesforce_at, actor, postgres_at] = field;
  Json json = {{"base", value_to_json(base)},
               {"salesforce", value_to_json(salesforce)},
               {"org", value_to_json(org)},
               {"salesforce_at", to_json(salesforce_at)},
               {"postgres_at", to_json(postgres_at)}};
  put(json, "actor", actor);
  return json;
}

Result<FrozenField> frozen_field_from(const Json& json) {
  FrozenField field;
  JsonMembers members(json);
  members.read("base", field.base);
  members.read("salesforce", field.salesforce);
  members.read("org", field.org);
  members.read_with("salesforce_at", field.salesforce_at, interval_from);
  members.read("actor", field.actor);
  members.read_with("postgres_at", field.postgres_at, interval_from);
  DUET_TRY(members.finish("frozen field"));
  return field;
}

Json to_json(const FrozenDelete& removal) {
  const auto& [by_app, moved, deleted_at, actor] = removal;
  Json json = {{"by_app", by_app}, {"moved", fields_to_json(moved)}, {"deleted_at", to_json(deleted_at)}};
  put(json, "actor", actor);
  return json;
}

Result<FrozenDelete> frozen_delete_from(const Json& json) {
  FrozenDelete removal;
  JsonMembers members(json);
  members.read("by_app", removal.by_app);
  members.read("moved", removal.moved);
  members.read_with("deleted_at", removal.deleted_at, interval_from);
  members.read("actor", removal.actor);
  DUET_TRY(members.finish("frozen delete"));
  return removal;
}

}  // namespace

std::string lane_to_json(const Lane& lane) {
  const auto& [revision, sfid, external_id, row_id, former_sfid, pending_create, key_checked, pending, log,
               pending_delete, attempts, held, dirty, tombstone, read_version, frozen, frozen_delete, contested_at,
               not_before, rounds, parked, waits_for] = lane;
  Json json = Json::object();
  put(json, "revision", revision);
  put(json, "sfid", sfid);
  put(json, "external_id", external_id);
  if (row_id) json["row_id"] = *row_id;
  put(json, "former_sfid", former_sfid);
  put(json, "pending_create", pending_create);
  put(json, "key_checked", key_checked);
  put_map(json, "pending", pending);
  put_list(json, "log", log);
  if (pending_delete) json["pending_delete"] = to_json(*pending_delete);
  put_list(json, "attempts", attempts);
  put_map(json, "held", held);
  if (dirty) json["dirty"] = to_json(*dirty);
  if (tombstone) json["tombstone"] = to_json(*tombstone);
  if (read_version) json["read_version"] = to_json(*read_version);
  put_map(json, "frozen", frozen);
  if (frozen_delete) json["frozen_delete"] = to_json(*frozen_delete);
  put(json, "contested_at", contested_at);
  put(json, "not_before", not_before);
  put(json, "rounds", static_cast<TimeMs>(rounds));
  put(json, "parked", parked);
  if (waits_for) json["waits_for"] = to_json(*waits_for);
  return dump_json(json);
}

Result<Lane> lane_from_json(std::string_view text) {
  const Json json = DUET_TRY(parse_json_object(text));
  Lane lane;
  JsonMembers members(json);
  members.read("revision", lane.revision);
  members.read("sfid", lane.sfid);
  members.read("external_id", lane.external_id);
  members.read_with("row_id", lane.row_id, [](const Json& id) -> Result<std::int64_t> {
    if (!id.is_number_integer()) return fail(ErrorKind::bad_data, "not an id");
    return id.get<std::int64_t>();
  });
  members.read("former_sfid", lane.former_sfid);
  members.read("pending_create", lane.pending_create);
  members.read("key_checked", lane.key_checked);
  members.read_map("pending", lane.pending, pending_field_from);
  members.read_list("log", lane.log, pending_log_from);
  members.read_with("pending_delete", lane.pending_delete, pending_delete_from);
  members.read_list("attempts", lane.attempts, attempt_from);
  members.read_map("held", lane.held, held_values_from);
  members.read_with("dirty", lane.dirty, dirty_from);
  members.read_with("tombstone", lane.tombstone, tombstone_from);
  members.read_with("read_version", lane.read_version, read_version_from);
  members.read_map("frozen", lane.frozen, frozen_field_from);
  members.read_with("frozen_delete", lane.frozen_delete, frozen_delete_from);
  members.read("contested_at", lane.contested_at);
  members.read("not_before", lane.not_before);
  members.read("rounds", lane.rounds);
  members.read("parked", lane.parked);
  members.read_with("waits_for", lane.waits_for, waits_for_from);
  DUET_TRY(members.finish("lane"));
  return lane;
}

}  // namespace duet::codec
