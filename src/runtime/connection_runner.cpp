#include "runtime/connection_runner.h"

#include <chrono>

#include <fmt/format.h>

#include "postgres/connection_store.h"
#include "postgres/migrations.h"
#include "postgres/session.h"
#include "postgres/webhook_store.h"
#include "runtime/counter_values.h"
#include "runtime/import_mappings.h"
#include "runtime/schema_issues.h"
#include "runtime/serve_lock.h"
#include "salesforce/session.h"

namespace duet::runtime {
namespace {

constexpr TimeMs kWatchMs = 1'000;
/// A worker that gave up is started anew, with all others, after this time.
constexpr TimeMs kRestartMs = 60'000;
constexpr TimeMs kRepeatedLogMs = 60'000;

Pause to_pause(const postgres::PauseFlags& flags) {
  return flags.all ? Pause::all : flags.outbound ? Pause::outbound : Pause::none;
}

}  // namespace

ConnectionRunner::ConnectionRunner(const ConnectionConfig& config, ports::Clock& clock, ports::Random& random)
    : config_(config), clock_(clock), random_(random) {}

void ConnectionRunner::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

ConnectionRunner::~ConnectionRunner() {
  request_stop();
  abort_calls();
}

void ConnectionRunner::request_stop() {
  thread_.request_stop();
  std::lock_guard lock(mutex_);
  if (composition_) composition_->request_stop();
}

void ConnectionRunner::set_state(std::string state, std::optional<Error> error) {
  std::lock_guard lock(mutex_);
  state_ = std::move(state);
  last_error_ = std::move(error);
}

void ConnectionRunner::sleep(const std::stop_token& stop, TimeMs wait_ms) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, std::chrono::milliseconds(wait_ms), [] { return false; });
}

void ConnectionRunner::run(const std::stop_token& stop) {
  BackOff back_off(config_.engine.retry_base_ms, config_.engine.retry_limit_ms, random_);
  RepeatLimiter repeats(kRepeatedLogMs);
  while (!stop.stop_requested()) {
    const Result<void> turned = turn(stop);
    finish_workers();
    if (turned || stop.stop_requested()) {
      back_off.reset();
      continue;
    }
    set_state("failed", turned.error());
    // Nothing at all runs: whatever the error, only trying again brings the connection back without an operator.
    const TimeMs wait_ms = back_off.after(turned.error());
    if (const auto left_out = repeats.pass(describe(turned.error()), clock_.monotonic())) {
      log_error(LogLevel::error, "connection cannot run, will try again", turned.error(),
                {{"connection", config_.name}, {"retry_in_ms", wait_ms}, {"repeated", *left_out}});
    }
    sleep(stop, wait_ms);
  }
  set_state("stopped", std::nullopt);
  finished_.store(true, std::memory_order_release);
}

Result<void> ConnectionRunner::turn(const std::stop_token& stop) {
  if (!org_) org_ = DUET_TRY(OrgAccess::make(config_.salesforce, calls_stop_.get_token()));
  const auto session = DUET_TRY(postgres::Session::connect(config_.postgres.url, postgres::SessionRole::admin));
  const auto org = org_->make_org();
  DUET_TRY(postgres::migrate(*session));
  postgres::ConnectionStore connections(*session);
  const int id = DUET_TRY(connections.open(config_.name, config_.postgres.schema));
  // Before anything happens: who is not known then is not told.
  std::vector<postgres::WebhookEvents> webhooks;
  for (const WebhookConfig& webhook : config_.webhooks) webhooks.push_back({webhook.name, webhook.events});
  DUET_TRY(postgres::WebhookStore(*session, id).set_webhooks(webhooks));
  if (!DUET_TRY(take_serve_lock(*session, id))) {
    return fail(ErrorKind::store_down, fmt::format("another `duet serve` syncs connection {}", config_.name), {},
                "stop the other one; this one takes over when it ends");
  }
  // Read before the mappings are: a change that comes between is seen again.
  const auto revision = DUET_TRY(connections.setting(id, kMappingRevision));
  PreparedConnection prepared = DUET_TRY(prepare_connection(config_, *session, *org));
  pause_.set(to_pause(DUET_TRY(connections.paused(id))));
  DUET_TRY(record_schema_problems(config_, prepared, *session));
  log(LogLevel::info, "connection runs",
      {{"connection", config_.name},
       {"org", prepared.connection.identity.org_id},
       {"mappings", prepared.connection.mappings.size()}});
  {
    std::lock_guard lock(mutex_);
    org_id_ = prepared.connection.identity.org_id;
    state_ = "running";
    last_error_.reset();
    gauges_ = &org_->session()->gauges();
    composition_ = std::make_shared<Composition>(
        std::move(prepared), ConnectionContext{config_, *org_, pause_, counters_, governor_, clock_, random_});
  }
  return watch(stop, *session, id, revision);
}

Result<void> ConnectionRunner::watch(const std::stop_token& stop, postgres::Session& session, int id,
                                     const std::optional<std::string>& revision) {
  postgres::ConnectionStore connections(session);
  std::optional<TimeMs> gave_up_at;
  while (!stop.stop_requested()) {
    sleep(stop, kWatchMs);
    note_budget();
    note_limits();
    const Pause pause = to_pause(DUET_TRY(connections.paused(id)));
    if (pause != pause_.get()) {
      log(LogLevel::info, "pause changed", {{"connection", config_.name}, {"paused", name_of(pause)}});
      pause_.set(pause);
      composition_->wake_all();
    }
    if (DUET_TRY(connections.setting(id, kMappingRevision)) != revision) {
      log(LogLevel::info, "mappings changed, workers start anew", {{"connection", config_.name}});
      return {};
    }
    if (!composition_->any_finished()) continue;
    if (!gave_up_at) gave_up_at = clock_.monotonic();
    if (clock_.monotonic() - *gave_up_at >= kRestartMs) return {};
  }
  return {};
}

void ConnectionRunner::note_budget() {
  std::lock_guard lock(mutex_);
  if (!gauges_) return;
  if (const auto usage = gauges_->api_usage()) budget_.note(clock_.monotonic(), *usage);
}

void ConnectionRunner::note_limits() {
  const TimeMs now = clock_.monotonic();
  if (!limits_.due(now) || governor_.circuit_wait(now) > 0) return;
  // Outside of the lock: a call takes its time. Only this thread changes what it is about.
  auto limits = org_->limits();
  std::lock_guard lock(mutex_);
  if (!limits) {
    limits_.missed(now);
    log_error(LogLevel::info, "the org does not tell its limits", limits.error(), {{"connection", config_.name}});
    return;
  }
  for (const salesforce::OrgLimit& limit : limits_.note(now, std::move(*limits))) {
    log(LogLevel::warn, "a limit of the org runs short",
        {{"connection", config_.name}, {"limit", limit.name}, {"used", limit.used}, {"allowed", limit.allowed}});
  }
}

void ConnectionRunner::finish_workers() {
  std::shared_ptr<Composition> ending;
  {
    std::lock_guard lock(mutex_);
    ending = std::move(composition_);
    composition_.reset();
  }
  // Outside of the lock: it waits for the steps at hand.
  if (ending) ending->request_stop();
  ending.reset();
}

ConnectionStatus ConnectionRunner::live() const {
  ConnectionStatus status;
  status.name = config_.name;
  status.schema = config_.postgres.schema;
  status.paused = pause_.get();
  std::shared_ptr<Composition> composition;
  {
    std::lock_guard lock(mutex_);
    status.org_id = org_id_;
    status.state = state_;
    status.last_error = last_error_;
    composition = composition_;
    if (gauges_) status.api_usage = gauges_->api_usage();
    status.forecast = budget_.forecast();
    status.limits = limits_.limits();
  }
  status.budget = governor_.report(clock_.monotonic());
  status.counters = counter_values(counters_);
  status.stream.last_event_at = counters_.last_event_at;
  if (status.stream.last_event_at > 0) status.stream.last_lag_ms = counters_.last_event_lag_ms;
  if (!composition) return status;
  status.workers = composition->workers();
  fill_stream(status, composition->connection(), composition->horizon(), clock_.now());
  return status;
}

}  // namespace duet::runtime
