#include "runtime/status.h"

#include <nlohmann/json.hpp>

namespace duet::runtime {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(TimeMs time) { return time == 0 ? Json() : Json(format_timestamp(time)); }

Json to_json(const std::optional<Error>& error) {
  if (!error) return {};
  return {{"kind", name_of(error->kind)},
          {"code", error->code},
          {"message", describe(*error)},
          {"hint", advice_of(*error)}};
}

Json to_json(const MappingStatus& mapping) {
  Json out;
  out["object"] = mapping.object;
  out["table"] = mapping.table;
  out["access"] = mapping.access;
  out["source"] = mapping.source;
  out["source_reason"] = mapping.source_reason;
  out["state"] = mapping.state;
  out["upsert_field"] = mapping.upsert_field.empty() ? Json() : Json(mapping.upsert_field);
  out["rows"] = mapping.rows;
  out["rows_estimated"] = mapping.rows_estimated;
  out["loaded_rows"] = mapping.loaded_rows;
  out["pending"] = mapping.pending;
  out["lag_ms"] = {{"inbound", mapping.inbound_lag_ms ? Json(*mapping.inbound_lag_ms) : Json()},
                   {"outbound", mapping.outbound_lag_ms}};
  out["issues"] = mapping.open_issues;
  out["stale"] = mapping.stale;
  out["errors"] = mapping.open_errors;
  // Nothing compares both sides yet.
  out["verified_as_of"] = nullptr;
  return out;
}

Json to_json(const std::vector<MappingStatus>& mappings) {
  Json out = Json::array();
  for (const MappingStatus& mapping : mappings) out.push_back(to_json(mapping));
  return out;
}

Json to_json(const WorkerStatus& worker) {
  Json out;
  out["name"] = worker.name;
  out["state"] = name_of(worker.state);
  out["steps"] = worker.steps;
  out["last_step_at"] = time_or_null(worker.last_step_at);
  out["errors_in_a_row"] = worker.errors_in_a_row;
  out["last_error"] = to_json(worker.last_error);
  out["last_error_at"] = time_or_null(worker.last_error_at);
  return out;
}

Json to_json(const engine::GovernorReport& report) {
  const rules::BudgetReport& budget = report.budget;
  return {
      {"state", name_of(budget.state)},
      {"used", budget.used},
      {"allowed", budget.allowed},
      {"burst_calls", static_cast<long>(budget.tokens)},
      {"calls_per_hour", static_cast<long>(budget.calls_per_hour)},
      {"next_call_ms", budget.next_call_ms},
      {"exhausted_in_ms", budget.exhausted_in_ms ? Json(*budget.exhausted_in_ms) : Json()},
      {"circuit", {{"open", report.circuit_open}, {"failures", report.failures}, {"probe_in_ms", report.probe_in_ms}}}};
}

Json to_json(const ConnectionStatus& connection) {
  Json out;
  out["name"] = connection.name;
  out["org_id"] = connection.org_id.empty() ? Json() : Json(connection.org_id);
  out["schema"] = connection.schema;
  out["state"] = connection.state;
  out["paused"] = name_of(connection.paused);
  out["last_error"] = to_json(connection.last_error);
  out["mappings"] = to_json(connection.mappings);
  out["api_usage"] = nullptr;
  if (connection.api_usage) {
    const BudgetForecast& forecast = connection.forecast;
    out["api_usage"] = {{"used", connection.api_usage->used},
                        {"allowed", connection.api_usage->allowed},
                        {"per_hour", forecast.per_hour ? Json(*forecast.per_hour) : Json()},
                        {"exhausted_in_ms", forecast.exhausted_in_ms ? Json(*forecast.exhausted_in_ms) : Json()}};
  }
  out["limits"] = Json::object();
  for (const salesforce::OrgLimit& limit : connection.limits)
    out["limits"][limit.name] = {{"used", limit.used}, {"allowed", limit.allowed}};
  out["budget"] = connection.budget ? to_json(*connection.budget) : Json();
  const StreamStatus& stream = connection.stream;
  out["stream"] = {{"used", stream.used},
                   {"connected", stream.connected},
                   {"last_event_at", time_or_null(stream.last_event_at)},
                   {"position_age_ms", stream.position_age_ms ? Json(*stream.position_age_ms) : Json()}};
  out["workers"] = Json::array();
  for (const WorkerStatus& worker : connection.workers) out["workers"].push_back(to_json(worker));
  out["counters"] = Json::object();
  for (const CounterValue& counter : connection.counters) out["counters"][counter.name] = counter.value;
  return out;
}

std::string text_of(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string_view name_of(Pause pause) {
  switch (pause) {
    case Pause::none:
      return "none";
    case Pause::outbound:
      return "outbound";
    case Pause::all:
      break;
  }
  return "all";
}

Pause pause_from_name(std::string_view name) {
  if (name == name_of(Pause::outbound)) return Pause::outbound;
  return name == name_of(Pause::all) ? Pause::all : Pause::none;
}

std::string to_json(const AppStatus& status) {
  Json out;
  out["version"] = status.version;
  out["started_at"] = time_or_null(status.started_at);
  out["connections"] = Json::array();
  for (const ConnectionStatus& connection : status.connections) out["connections"].push_back(to_json(connection));
  return text_of(out);
}

std::string mappings_to_json(const ConnectionStatus& status) {
  return text_of({{"connection", status.name}, {"mappings", to_json(status.mappings)}});
}

}  // namespace duet::runtime
