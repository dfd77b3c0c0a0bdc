#include "runtime/status.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/opening.h"
#include "runtime/api_token.h"
#include "runtime/limit_watch.h"
#include "runtime/serve_lock.h"
#include "runtime/status_reader.h"
#include "runtime/system_ports.h"
#include "salesforce/http_client.h"

namespace duet::cli {
namespace {

using Json = nlohmann::json;

constexpr long kApiTimeoutMs = 5'000;

/// The status of a running `serve`, or nothing when none answers.
std::optional<std::string> ask_serve(const runtime::Config& config, const std::string& connection) {
  const auto token = runtime::find_api_token(config);
  if (!token || token->empty() || config.server.port == 0) return std::nullopt;
  std::string host = config.server.host == "0.0.0.0" || config.server.host == "::" ? "127.0.0.1" : config.server.host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  salesforce::HttpClient client({{}, 1'000, {}});
  salesforce::HttpRequest request;
  request.url = fmt::format("http://{}:{}/api/v1/status{}", host, config.server.port,
                            connection.empty() ? "" : "?connection=" + connection);
  request.headers = {"Authorization: Bearer " + *token};
  request.timeout_ms = kApiTimeoutMs;
  const auto response = client.perform(request);
  if (!response || response->status != 200) return std::nullopt;
  return response->body;
}

/// What the database alone knows.
Result<std::string> ask_database(const runtime::Config& config, const std::string& connection,
                                 const std::string& version) {
  runtime::SystemClock clock;
  runtime::AppStatus status{version, 0, {}};
  for (const runtime::ConnectionConfig& each : config.connections) {
    if (!connection.empty() && each.name != connection) continue;
    runtime::StatusReader reader(each.postgres.url, each.postgres.schema, each.name, clock);
    auto read = reader.read();
    if (!read && read.error().kind == ErrorKind::not_found) {
      runtime::ConnectionStatus empty;
      empty.name = each.name;
      empty.schema = each.postgres.schema;
      empty.state = "not_running";
      status.connections.push_back(std::move(empty));
      continue;
    }
    status.connections.push_back(DUET_TRY(read));
  }
  return runtime::to_json(status);
}

std::string text_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string("-");
}

long number_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<long>() : 0;
}

std::string lag_text(const Json& lag, const char* key) {
  const auto found = lag.find(key);
  return found != lag.end() && found->is_number() ? duration_text(found->get<long>()) : "-";
}

void print_mappings(const Json& mappings) {
  TextTable table({"OBJECT", "TABLE", "ACCESS", "SOURCE", "STATE", "ROWS", "PENDING", "LAG IN", "LAG OUT", "ISSUES"});
  for (const Json& each : mappings) {
    const Json& lag = each.at("lag_ms");
    table.add({text_at(each, "object"), text_at(each, "table"), text_at(each, "access"), text_at(each, "source"),
               text_at(each, "state"),
               (each.value("rows_estimated", false) ? "~" : "") + number_text(number_at(each, "rows")),
               number_text(number_at(each, "pending")), lag_text(lag, "inbound"), lag_text(lag, "outbound"),
               number_text(number_at(each, "issues"))});
  }
  if (table.empty()) {
    fmt::print("  no mappings: run `duet import FILE`\n");
  } else {
    fmt::print("{}", table.text());
  }
}

void print_error(std::string_view what, const Json& error) {
  if (!error.is_object()) return;
  fmt::print("  {}: {}\n    -> {}\n", what, printable(text_at(error, "message")), printable(text_at(error, "hint")));
}

constexpr double kMsPerHour = 3'600'000.0;

void print_budget(const Json& budget) {
  const std::string state = text_at(budget, "state");
  if (state == "paced") {
    fmt::print("  budget: edits go out together, about {} calls an hour (the burst is used up)\n",
               number_text(number_at(budget, "calls_per_hour")));
  } else if (state == "reserve") {
    fmt::print("  budget: little is left of the org's limit; edits go out once a minute, loads wait\n");
  } else if (state == "exhausted") {
    fmt::print("  budget: the org's limit is used up; one call in half a minute asks for more\n");
  }
  if (const Json left = budget.value("exhausted_in_ms", Json()); left.is_number()) {
    fmt::print("  forecast: at the pace of the last hour the limit is reached in {:.1f} h\n",
               left.get<double>() / kMsPerHour);
  }
  const Json circuit = budget.value("circuit", Json::object());
  if (circuit.value("open", false)) {
    fmt::print("  the org does not work ({} calls failed in a row); next try in {:.0f} s\n",
               number_text(number_at(circuit, "failures")),
               static_cast<double>(number_at(circuit, "probe_in_ms")) / 1000);
  }
}

/// Only those that a person should know of; `--json` has all.
void print_short_limits(const Json& limits) {
  if (!limits.is_object()) return;
  for (const auto& [name, limit] : limits.items()) {
    const salesforce::OrgLimit read{name, number_at(limit, "used"), number_at(limit, "allowed")};
    if (read.percent() < runtime::kLimitWarnPercent || name == "DailyApiRequests") continue;
    fmt::print("  {}: {} of {}, the org's limit runs short\n", name, number_text(read.used), number_text(read.allowed));
  }
}

void print_connection(const Json& connection) {
  fmt::print("connection {}: {}, org {}, schema {}\n", text_at(connection, "name"), text_at(connection, "state"),
             text_at(connection, "org_id"), text_at(connection, "schema"));
  if (const std::string paused = text_at(connection, "paused"); paused != "none")
    fmt::print("  paused: {} (`duet resume` goes on)\n", paused);
  print_error("error", connection.value("last_error", Json()));
  if (const Json usage = connection.value("api_usage", Json()); usage.is_object()) {
    fmt::print("  API calls of the last 24 h: {} of {}\n", number_text(number_at(usage, "used")),
               number_text(number_at(usage, "allowed")));
  }
  if (const Json budget = connection.value("budget", Json()); budget.is_object()) print_budget(budget);
  print_short_limits(connection.value("limits", Json::object()));
  if (const Json stream = connection.value("stream", Json()); stream.is_object() && stream.value("used", false)) {
    fmt::print("  change stream: {}, last event {}\n", stream.value("connected", false) ? "connected" : "not connected",
               text_at(stream, "last_event_at"));
  }
  for (const Json& worker : connection.value("workers", Json::array())) {
    print_error("worker " + text_at(worker, "name") + " (" + text_at(worker, "state") + ")",
                worker.value("last_error", Json()));
  }
  print_mappings(connection.value("mappings", Json::array()));
}

}  // namespace

ExitCode run_status(const GlobalOptions& global) {
  const auto config = runtime::load_config(global.config_file, runtime::process_environment());
  if (!config) return report(config.error(), global.json);
  configure_logging(LogLevel::error, LogFormat::text);
  if (!global.connection.empty()) {
    if (const auto picked = runtime::pick_connection(*config, global.connection); !picked)
      return report(picked.error(), global.json);
  }
  std::optional<std::string> text = ask_serve(*config, global.connection);
  const bool served = text.has_value();
  if (!served) {
    auto stored = ask_database(*config, global.connection, global.version);
    if (!stored) return report(stored.error(), global.json);
    text = std::move(*stored);
  }
  if (global.json) {
    fmt::print("{}", *text);
    return kDone;
  }
  const Json status = Json::parse(*text, nullptr, false);
  if (!status.is_object())
    return report(Error{ErrorKind::bad_data, {}, "the answer of `duet serve` is no status", {}, nullptr, std::nullopt},
                  false);
  if (!served)
    fmt::print("`duet serve` does not answer at {}:{}; this is what the database knows.\n", config->server.host,
               config->server.port);
  for (const Json& connection : status.value("connections", Json::array())) print_connection(connection);
  return kDone;
}

}  // namespace duet::cli
