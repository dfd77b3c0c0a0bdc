#include "runtime/app.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace duet::runtime {
namespace {

constexpr auto kEndCheckInterval = std::chrono::milliseconds(20);
/// After running calls were ended, they need a moment to say so.
constexpr TimeMs kAbortMs = 2'000;

}  // namespace

struct App::Part {
  Part(const ConnectionConfig& config, ports::Clock& clock, ports::Random& random)
      : runner(config, clock, random), reader(config.postgres.url, config.postgres.schema, config.name, clock) {}

  ConnectionRunner runner;
  StatusReader reader;
};

App::App(Config config, std::string version, ports::Clock& clock, ports::Random& random)
    : config_(std::move(config)), version_(std::move(version)), clock_(clock), started_at_(clock.now()) {
  for (const ConnectionConfig& connection : config_.connections)
    parts_.push_back(std::make_unique<Part>(connection, clock, random));
}

void App::start() {
  for (const auto& part : parts_) part->runner.start();
}

App::~App() {
  for (const auto& part : parts_) part->runner.request_stop();
}

ConnectionStatus merge_status(ConnectionStatus live, const Result<ConnectionStatus>& stored) {
  if (!stored) {
    const bool nothing_imported = stored.error().kind == ErrorKind::not_found;
    if (!live.last_error && !nothing_imported) live.last_error = stored.error();
    return live;
  }
  if (live.org_id.empty()) live.org_id = stored->org_id;
  if (live.state != "running") live.paused = stored->paused;
  if (live.state == "running" && live.paused == Pause::all) live.state = "paused";
  live.mappings = stored->mappings;
  live.issues = stored->issues;
  for (MappingStatus& mapping : live.mappings) {
    if (mapping.source == "events" && live.stream.connected) mapping.inbound_lag_ms = live.stream.last_lag_ms;
  }
  return live;
}

ConnectionStatus App::status_of(Part& part) { return merge_status(part.runner.live(), part.reader.read()); }

Result<AppStatus> App::status(const std::string& connection) {
  AppStatus status{version_, started_at_, {}};
  if (!connection.empty()) (void)DUET_TRY(pick_connection(config_, connection));
  for (const auto& part : parts_) {
    if (connection.empty() || part->runner.config().name == connection) status.connections.push_back(status_of(*part));
  }
  return status;
}

Result<ConnectionStatus> App::connection_status(const std::string& name) {
  const ConnectionConfig* picked = DUET_TRY(pick_connection(config_, name));
  auto part =
      std::ranges::find_if(parts_, [&](const auto& each) { return each->runner.config().name == picked->name; });
  return status_of(**part);
}

Result<void> App::ready() const {
  for (const auto& part : parts_) {
    const ConnectionStatus live = part->runner.live();
    if (live.state == "running") continue;
    return fail(ErrorKind::store_down, fmt::format("connection {} is {}", live.name, live.state), {},
                live.last_error ? describe(*live.last_error) : std::string());
  }
  return {};
}

bool App::wait_for_end(TimeMs limit_ms) const {
  const TimeMs until = clock_.monotonic() + limit_ms;
  const auto ended = [&] {
    return std::ranges::all_of(parts_, [](const auto& part) { return part->runner.finished(); });
  };
  while (!ended()) {
    if (clock_.monotonic() >= until) return false;
    std::this_thread::sleep_for(kEndCheckInterval);
  }
  return true;
}

bool App::drain(TimeMs limit_ms) {
  for (const auto& part : parts_) part->runner.request_stop();
  if (wait_for_end(std::max<TimeMs>(0, limit_ms - kAbortMs))) return true;
  for (const auto& part : parts_) part->runner.abort_calls();
  return wait_for_end(kAbortMs);
}

}  // namespace duet::runtime
