#include <csignal>
#include <cstdlib>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "api/app_backend.h"
#include "api/app_gate.h"
#include "api/router.h"
#include "api/server.h"
#include "api/webhook_sender.h"
#include "base/logging.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "runtime/access.h"
#include "runtime/api_token.h"
#include "runtime/app.h"
#include "runtime/system_ports.h"

namespace duet::cli {
namespace {

constexpr TimeMs kDrainMs = 10'000;
/// Streams that stay open take one each.
constexpr int kHttpThreads = 32;

/// SIGTERM and SIGINT, blocked in every thread that is started from now on, so that only wait() sees them.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
  }

 private:
  sigset_t set_{};
};

Result<runtime::Config> open_config(const GlobalOptions& global) {
  runtime::Config config = DUET_TRY(runtime::load_config(global.config_file, runtime::process_environment()));
  if (!global.connection.empty()) {
    const runtime::ConnectionConfig only = *DUET_TRY(runtime::pick_connection(config, global.connection));
    config.connections = {only};
  }
  configure_logging(config.log_level, config.log_format);
  for (const std::string& warning : config.warnings) log(LogLevel::warn, warning);
  return config;
}

api::RouterOptions router_options(const runtime::Config& config) {
  api::RouterOptions options{config.server.hosts, !config.server.tls_certificate_file.empty()};
  const bool any_address = config.server.host == "0.0.0.0" || config.server.host == "::";
  if (!any_address) options.hosts.push_back(config.server.host);
  return options;
}

/// Nobody can log in to the dashboard before there is a user.
void tell_first_steps(runtime::Access& access) {
  const auto users = access.users();
  if (!users || !users->empty()) return;
  log(LogLevel::info, "nobody can log in to the dashboard yet: add a user with `duet user add NAME --role admin`");
}

Result<void> serve(const GlobalOptions& global) {
  const EndSignals signals;
  const runtime::Config config = DUET_TRY(open_config(global));
  runtime::SystemClock clock;
  runtime::SystemRandom random;
  std::string token = DUET_TRY(runtime::ensure_api_token(config, random));

  runtime::App app(config, global.version, clock, random);
  runtime::Access access(config.access_url, std::move(token), clock);
  api::AppBackend backend(app, clock);
  api::AppGate gate(access);
  const api::Router router(router_options(config), backend, gate);
  api::Server server({config.server.host, config.server.port, kHttpThreads, config.server.tls_certificate_file,
                      config.server.tls_key_file},
                     router);
  // Before anything is synced: an address that cannot be used ends the start.
  DUET_TRY(server.start());
  log(LogLevel::info, "duet serves",
      {{"version", global.version},
       {"listen", fmt::format("{}:{}", config.server.host, server.port())},
       {"token",
        config.server.token.empty() ? "in " + runtime::api_token_file(config) : std::string("of the configuration")}});
  app.start();
  std::vector<std::unique_ptr<api::WebhookSender>> webhooks;
  for (const runtime::ConnectionConfig& connection : app.config().connections)
    webhooks.push_back(std::make_unique<api::WebhookSender>(connection));
  tell_first_steps(access);

  signals.wait();
  log(LogLevel::info, "duet stops: steps at hand are ended");
  webhooks.clear();
  if (!app.drain(kDrainMs)) {
    // Everything durable is in Postgres: ending here is what a crash would be, and is safe.
    log(LogLevel::warn, "some steps did not end in time; they are resolved at the next start");
    std::_Exit(kDone);
  }
  log(LogLevel::info, "duet has stopped");
  return {};
}

}  // namespace

ExitCode run_serve(const GlobalOptions& global) {
  const Result<void> served = serve(global);
  return served ? kDone : report(served.error(), global.json);
}

}  // namespace duet::cli
