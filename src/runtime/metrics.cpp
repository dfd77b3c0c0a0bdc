#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "runtime/status.h"

namespace duet::runtime {
namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Text exposition, version 0.0.4: all samples of a name stand together under its HELP and TYPE.
class Exposition {
 public:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP duet_{} {}\n# TYPE duet_{} {}\n", name, help, name, type);
  }

  template <class Number>
  void sample(Labels labels, Number value) {
    text_ += fmt::format("duet_{}{{", name_);
    bool first = true;
    for (const auto& [key, text] : labels) {
      text_ += fmt::format("{}{}=\"{}\"", first ? "" : ",", key, escaped(text));
      first = false;
    }
    text_ += fmt::format("}} {}\n", value);
  }

  std::string finish() && { return std::move(text_); }

 private:
  static std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
      if (c == '\\' || c == '"') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    return out;
  }

  std::string_view name_;
  std::string text_;
};

template <class Value>
void per_mapping(Exposition& out, const AppStatus& status, std::string_view name, std::string_view help, Value value) {
  out.begin(name, "gauge", help);
  for (const ConnectionStatus& connection : status.connections) {
    for (const MappingStatus& mapping : connection.mappings) {
      if (const std::optional<double> number = value(mapping)) {
        out.sample({{"connection", connection.name}, {"object", mapping.object}}, *number);
      }
    }
  }
}

template <class Value>
void per_connection(Exposition& out, const AppStatus& status, std::string_view name, std::string_view help,
                    Value value) {
  out.begin(name, "gauge", help);
  for (const ConnectionStatus& connection : status.connections) {
    if (const std::optional<double> number = value(connection)) out.sample({{"connection", connection.name}}, *number);
  }
}

void counters(Exposition& out, const AppStatus& status) {
  if (status.connections.empty()) return;
  for (const CounterValue& counter : status.connections.front().counters) {
    const std::string name = counter.name + "_total";
    out.begin(name, "counter", "Counted since the start of the process.");
    for (const ConnectionStatus& connection : status.connections) {
      for (const CounterValue& each : connection.counters) {
        if (each.name == counter.name) out.sample({{"connection", connection.name}}, each.value);
      }
    }
  }
}

void limits(Exposition& out, const AppStatus& status) {
  const auto tell = [&](std::string_view name, std::string_view help, long salesforce::OrgLimit::* value) {
    out.begin(name, "gauge", help);
    for (const ConnectionStatus& connection : status.connections) {
      for (const salesforce::OrgLimit& limit : connection.limits)
        out.sample({{"connection", connection.name}, {"limit", limit.name}}, static_cast<double>(limit.*value));
    }
  };
  tell("org_limit_used", "What all clients of the org have used of its limits, asked every hour.",
       &salesforce::OrgLimit::used);
  tell("org_limit_allowed", "What the org allows.", &salesforce::OrgLimit::allowed);
}

void workers(Exposition& out, const AppStatus& status) {
  out.begin("worker_state", "gauge", "1 for the state that the worker is in.");
  for (const ConnectionStatus& connection : status.connections) {
    for (const WorkerStatus& worker : connection.workers) {
      out.sample({{"connection", connection.name}, {"worker", worker.name}, {"state", name_of(worker.state)}}, 1);
    }
  }
  out.begin("worker_errors_in_a_row", "gauge", "Steps that failed since the last one that went well.");
  for (const ConnectionStatus& connection : status.connections) {
    for (const WorkerStatus& worker : connection.workers) {
      out.sample({{"connection", connection.name},
                  {"worker", worker.name},
                  {"kind", worker.last_error ? name_of(worker.last_error->kind) : ""}},
                 worker.errors_in_a_row);
    }
  }
}

constexpr double kMsPerS = 1'000.0;

}  // namespace

std::string to_metrics(const AppStatus& status) {
  Exposition out;
  out.begin("info", "gauge", "The version that runs.");
  out.sample({{"version", status.version}}, 1);
  per_connection(out, status, "connection_up", "1 while the connection runs.",
                 [](const ConnectionStatus& each) { return std::optional<double>(each.state == "running" ? 1 : 0); });
  per_connection(out, status, "connection_paused", "0 no, 1 outbound, 2 all.",
                 [](const ConnectionStatus& each) { return std::optional<double>(static_cast<int>(each.paused)); });
  per_connection(out, status, "stream_connected", "1 while the change stream is open.",
                 [](const ConnectionStatus& each) {
                   return each.stream.used ? std::optional<double>(each.stream.connected) : std::nullopt;
                 });
  per_connection(out, status, "stream_position_age_seconds", "How long ago the stream was known to be read to its end.",
                 [](const ConnectionStatus& each) -> std::optional<double> {
                   if (!each.stream.position_age_ms) return std::nullopt;
                   return static_cast<double>(*each.stream.position_age_ms) / kMsPerS;
                 });
  per_connection(out, status, "api_calls_used", "API calls of the last 24 h, of all clients of the org.",
                 [](const ConnectionStatus& each) -> std::optional<double> {
                   if (!each.api_usage) return std::nullopt;
                   return static_cast<double>(each.api_usage->used);
                 });
  per_connection(out, status, "api_calls_allowed", "API calls that the org allows in 24 h.",
                 [](const ConnectionStatus& each) -> std::optional<double> {
                   if (!each.api_usage) return std::nullopt;
                   return static_cast<double>(each.api_usage->allowed);
                 });
  per_connection(out, status, "budget_calls_per_hour", "Calls that the budget allows when the burst is used up.",
                 [](const ConnectionStatus& each) -> std::optional<double> {
                   if (!each.budget || each.budget->budget.state == rules::BudgetReport::State::unknown) return {};
                   return each.budget->budget.calls_per_hour;
                 });
  per_connection(out, status, "budget_burst_calls", "Calls that may go out at once.",
                 [](const ConnectionStatus& each) -> std::optional<double> {
                   if (!each.budget || each.budget->budget.state == rules::BudgetReport::State::unknown) return {};
                   return each.budget->budget.tokens;
                 });
  per_connection(out, status, "budget_exhausted_seconds",
                 "When the org's daily limit is reached, at the pace of the last hour.",
                 [](const ConnectionStatus& each) -> std::optional<double> {
                   if (!each.budget || !each.budget->budget.exhausted_in_ms) return std::nullopt;
                   return static_cast<double>(*each.budget->budget.exhausted_in_ms) / kMsPerS;
                 });
  per_connection(out, status, "circuit_open", "1 while calls to the org are held back because it does not work.",
                 [](const ConnectionStatus& each) -> std::optional<double> {
                   if (!each.budget) return std::nullopt;
                   return each.budget->circuit_open ? 1 : 0;
                 });
  per_mapping(out, status, "rows", "Rows of the table.",
              [](const MappingStatus& each) { return std::optional<double>(each.rows); });
  per_mapping(out, status, "loaded", "1 when the first load is done.",
              [](const MappingStatus& each) { return std::optional<double>(each.state == "loaded" ? 1 : 0); });
  per_mapping(out, status, "pending_rows", "Local changes that the org has not confirmed.",
              [](const MappingStatus& each) { return std::optional<double>(each.pending); });
  per_mapping(out, status, "open_issues", "Issues that wait for a person.",
              [](const MappingStatus& each) { return std::optional<double>(each.open_issues); });
  per_mapping(out, status, "stale_records", "Records whose calculated columns are to be read again.",
              [](const MappingStatus& each) { return std::optional<double>(each.stale); });
  per_mapping(out, status, "outbound_lag_seconds", "Age of the oldest captured change that was not taken up.",
              [](const MappingStatus& each) {
                return std::optional<double>(static_cast<double>(each.outbound_lag_ms) / kMsPerS);
              });
  per_mapping(out, status, "inbound_lag_seconds", "How far the table is behind the org.",
              [](const MappingStatus& each) -> std::optional<double> {
                if (!each.inbound_lag_ms) return std::nullopt;
                return static_cast<double>(*each.inbound_lag_ms) / kMsPerS;
              });
  out.begin("issues", "gauge", "Issues that are stored, by kind and state.");
  for (const ConnectionStatus& connection : status.connections) {
    for (const IssueCount& count : connection.issues)
      out.sample({{"connection", connection.name}, {"kind", count.kind}, {"state", count.state}}, count.count);
  }
  per_connection(out, status, "api_calls_per_hour", "How fast the API calls of the last 24 h grow.",
                 [](const ConnectionStatus& each) { return each.forecast.per_hour; });
  counters(out, status);
  limits(out, status);
  workers(out, status);
  return std::move(out).finish();
}

}  // namespace duet::runtime
