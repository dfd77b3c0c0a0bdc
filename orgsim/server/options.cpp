#include "orgsim/server/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <sstream>

namespace orgsim {
namespace {

constexpr const char* kDescription =
    "duet-orgsim: a Salesforce org on this machine, for tests, demos and benchmarks.\n\n"
    "It speaks OAuth, REST, Bulk API 2.0 query and the Pub/Sub API, keeps the org in memory, and prints one line of\n"
    "JSON with its addresses and credentials when it is ready. It serves until SIGTERM or SIGINT. The calls under\n"
    "/orgsim/ make records, faults and settings, and tell what really happened.";
constexpr const char* kExample =
    "Example:\n  duet-orgsim --http 127.0.0.1:8090 --data /tmp/org\n"
    "  curl -s 127.0.0.1:8090/orgsim/status";

const CLI::Validator kAddress(
    [](std::string& text) {
      return parse_listen_address(text) ? std::string{} : "expected HOST:PORT, for example 127.0.0.1:0, got " + text;
    },
    "HOST:PORT");

void add_address(CLI::App& app, const std::string& name, std::optional<ListenAddress>& target,
                 const std::string& help) {
  app.add_option_function<std::string>(
         name, [&target](const std::string& text) { target = parse_listen_address(text); }, help)
      ->check(kAddress);
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  ListenAddress address{.host = text.substr(0, colon), .port = -1};
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc{} || last != end || address.port < 0 || address.port > 65535) return std::nullopt;
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return std::nullopt;
  }
  if (address.host.empty()) address.host = "127.0.0.1";
  return address;
}

std::expected<ServerOptions, OptionsExit> parse_options(int argc, const char* const* argv) {
  ServerOptions options;
  CLI::App app(kDescription, "duet-orgsim");
  app.footer(kExample);
  add_address(app, "--http", options.http, "REST, OAuth and /orgsim/ without TLS; port 0 takes a free port");
  add_address(app, "--https", options.https, "the same with TLS");
  add_address(app, "--grpc", options.grpc, "Pub/Sub API without TLS");
  add_address(app, "--grpc-tls", options.grpc_tls, "Pub/Sub API with TLS");
  add_address(app, "--proxy", options.proxy,
              "HTTP CONNECT proxy that leads *.salesforce.com to --https and --grpc-tls, for clients with fixed hosts");
  app.add_option("--data", options.data_directory,
                 "directory for the CA, the server certificate and the JWT key; kept and used again "
                 "(default: a private one, removed at the end)");
  app.add_option("--org", options.org, "which org to start with")->check(CLI::IsMember({"standard"}));
  app.add_option("--seed", options.seed, "seed of everything random; the same seed gives the same org");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream problem;
    constexpr int kUsageStatus = 2;
    const bool failed = app.exit(error, out, problem) != 0;
    return std::unexpected(OptionsExit{failed ? kUsageStatus : 0, out.str() + problem.str()});
  }
  const ListenAddress any{.host = "127.0.0.1", .port = 0};
  if (!options.http && !options.https && !options.grpc && !options.grpc_tls && !options.proxy) {
    options.http = options.https = options.grpc = options.grpc_tls = options.proxy = any;
  }
  if (options.proxy) {
    if (!options.https) options.https = any;
    if (!options.grpc_tls) options.grpc_tls = any;
  }
  return options;
}

}  // namespace orgsim
