#include "orgsim/server/org_server.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "orgsim/server/bulk1_api.h"
#include "orgsim/server/bulk_service.h"
#include "orgsim/server/certificate_authority.h"
#include "orgsim/server/cometd.h"
#include "orgsim/server/connect_proxy.h"
#include "orgsim/server/control_api.h"
#include "orgsim/server/http_listener.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/oauth.h"
#include "orgsim/server/pubsub_service.h"
#include "orgsim/server/rest_api.h"
#include "orgsim/server/soap_api.h"

namespace orgsim {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// The directory of the PEM files: the one asked for, or a private one for as long as this lives.
class DataDirectory {
 public:
  explicit DataDirectory(const fs::path& wanted) : path_(wanted), is_private_(wanted.empty()) {
    if (!is_private_) return;
    std::string pattern = (fs::temp_directory_path() / "duet-orgsim-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    path_ = pattern;
  }
  ~DataDirectory() {
    std::error_code ignored;
    if (is_private_) fs::remove_all(path_, ignored);
  }
  DataDirectory(const DataDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool is_private_;
};

Credentials make_credentials(std::uint64_t seed, std::string jwt_public_key) {
  Random random(seed ^ 0x6f726773696dULL);
  const auto text = [&random](std::size_t length) {
    constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string out;
    while (out.size() < length) out.push_back(kAlphabet[random.below(kAlphabet.size())]);
    return out;
  };
  return {.username = "integration@orgsim.example",
          .password = "pw-" + text(12),
          .security_token = text(24),
          .client_id = "3MVG9" + text(80),
          .client_secret = text(64),
          .jwt_public_key = std::move(jwt_public_key)};
}

/// A host that needs no junk segment in front, as some clients send (spec §0.22): "/x.salesforce.com/services/…".
bool is_junk_host(const std::string& segment) { return segment.ends_with(".salesforce.com"); }

/// "127.0.0.1:41877", as a client is to be given it.
std::string address_text(const ListenAddress& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), address.host, address.port);
}

/// Salesforce's public names lead to the TLS listeners and our own addresses to themselves (spec §7).
std::optional<ListenAddress> tunnel_route(const std::string& host, int port, const ListenAddress& https,
                                          const ListenAddress& grpc_tls) {
  constexpr int kTlsPort = 443;
  constexpr int kPubSubPort = 7443;
  const bool is_pubsub = host.starts_with("api.") && host.ends_with("pubsub.salesforce.com");
  if (is_pubsub && (port == kPubSubPort || port == kTlsPort)) return grpc_tls;
  if (host.ends_with(".salesforce.com") && port == kTlsPort) return https;
  for (const ListenAddress& own : {https, grpc_tls}) {
    if (port == own.port && (host == own.host || host == "localhost" || host == "127.0.0.1")) return own;
  }
  return std::nullopt;
}

}  // namespace

class OrgServer::Impl {
 public:
  explicit Impl(const ServerOptions& options)
      : directory_(options.data_directory),
        files_(prepare_trust_files(directory_.path())),
        host_(options.seed),
        sessions_(host_.access()->organization_id(), options.seed),
        faults_(host_, options.seed),
        oauth_(host_, sessions_, usage_, make_credentials(options.seed, files_.jwt_public_key)),
        push_topics_(streaming_),
        cometd_(host_, sessions_, usage_, streaming_, push_topics_, options.seed),
        bulk_(host_, faults_),
        rest_(host_, sessions_, usage_, bulk_, streaming_),
        bulk1_(host_, sessions_, usage_, bulk_),
        soap_(host_, sessions_, usage_, oauth_),
        control_(host_, sessions_, usage_, faults_, calls_),
        pubsub_environment_{.host = host_, .sessions = sessions_, .usage = usage_, .faults = faults_, .calls = calls_},
        pubsub_(pubsub_environment_) {
    host_.on_new_org([this](Org& org) { push_topics_.attach(org); });
    const std::string integration_user = host_.access()->integration_user_id();
    access_token_ = sessions_.open(integration_user, wall_clock_ms());
    if (options.http) http_ = listen_http(*options.http, false);
    if (options.https) https_ = listen_http(*options.https, true);
    if (options.grpc) grpc_ = listen_grpc(*options.grpc, false);
    if (options.grpc_tls) grpc_tls_ = listen_grpc(*options.grpc_tls, true);
    if (http_) http_->start();
    if (https_) https_->start();
    if (options.proxy) {
      const ListenAddress https{.host = options.https->host, .port = https_->port()};
      proxy_ =
          std::make_unique<ConnectProxy>(*options.proxy, [https, grpc_tls = *grpc_tls_](const auto& host, int port) {
            return tunnel_route(host, port, https, grpc_tls);
          });
      proxy_->start();
    }
  }

  ~Impl() {
    host_.stop();
    if (proxy_) proxy_->stop();
    pubsub_.stop();
    if (http_) http_->stop();
    if (https_) https_->stop();
  }

  std::string ready_line() const {
    const Credentials& credentials = oauth_.credentials();
    const auto text_or_null = [](const std::optional<ListenAddress>& address) {
      return address ? json(address_text(*address)) : json();
    };
    return json_text(json{{"http", http_ ? json(http_->url()) : json()},
                          {"https", https_ ? json(https_->url()) : json()},
                          {"grpc", text_or_null(grpc_)},
                          {"grpc_tls", text_or_null(grpc_tls_)},
                          {"proxy", proxy_ ? json(proxy_->url()) : json()},
                          {"ca_file", files_.ca_file.string()},
                          {"username", credentials.username},
                          {"password", credentials.password},
                          {"security_token", credentials.security_token},
                          {"client_id", credentials.client_id},
                          {"client_secret", credentials.client_secret},
                          {"access_token", access_token_},
                          {"jwt_key_file", files_.jwt_key_file.string()},
                          {"org_id", organization_id_}});
  }

  HttpResponse handle(const HttpRequest& request) {
    HttpResponse out = faults_.serve(request, [this](const HttpRequest& in) { return route(in); });
    if (request.segments.empty() || request.segments.front() != "orgsim") {
      const auto took = std::chrono::steady_clock::now() - request.arrived;
      calls_.add(request.method, request.raw_path, out.fate == ConnectionFate::keep ? out.status : 0,
                 std::chrono::duration_cast<std::chrono::microseconds>(took).count(), wall_clock_ms());
    }
    return out;
  }

 private:
  HttpResponse route(const HttpRequest& request) {
    const std::vector<std::string>& segments = request.segments;
    if (!segments.empty() && is_junk_host(segments.front())) {
      HttpRequest shorter = request;
      shorter.segments.erase(shorter.segments.begin());
      return route(shorter);
    }
    const std::string first = segments.empty() ? std::string{} : to_lower(segments.front());
    const std::string second = segments.size() > 1 ? to_lower(segments[1]) : std::string{};
    if (first == "services" && second == "data") return rest_.serve(request, {segments.begin() + 2, segments.end()});
    if (first == "services" && second == "async") return bulk1_.serve(request, {segments.begin() + 2, segments.end()});
    if (first == "services" && second == "oauth2" && segments.size() == 3) return oauth_.serve(request, segments[2]);
    if (first == "services" && second == "soap") return soap_.serve(request);
    if (first == "cometd") return cometd_.serve(request);
    if (first == "id") return oauth_.identity(request);
    if (first == "setup" && second == "connect" && segments.size() == 2) return oauth_.connect_device(request);
    if (first == "orgsim") return control_.serve(request);
    return not_found();
  }

  std::unique_ptr<HttpListener> listen_http(const ListenAddress& address, bool tls) {
    HttpListenerOptions options{.host = address.host, .port = address.port, .certificate_file = {}, .key_file = {}};
    if (tls) {
      options.certificate_file = files_.server_certificate_file;
      options.key_file = files_.server_key_file;
    }
    return std::make_unique<HttpListener>(options, [this](const HttpRequest& request) { return handle(request); });
  }

  ListenAddress listen_grpc(const ListenAddress& address, bool tls) {
    PubSubServer::Listener listener{.host = address.host, .port = address.port, .certificate_file = {}, .key_file = {}};
    if (tls) {
      listener.certificate_file = files_.server_certificate_file;
      listener.key_file = files_.server_key_file;
    }
    return {.host = address.host, .port = pubsub_.listen(listener)};
  }

  DataDirectory directory_;
  TrustFiles files_;
  OrgHost host_;
  const std::string organization_id_ = host_.access()->organization_id();
  Sessions sessions_;
  ApiUsage usage_;
  CallLog calls_;
  FaultGate faults_;
  OAuth oauth_;
  StreamingEvents streaming_;
  PushTopics push_topics_;
  Cometd cometd_;
  BulkService bulk_;
  RestApi rest_;
  Bulk1Api bulk1_;
  SoapApi soap_;
  ControlApi control_;
  PubSubEnvironment pubsub_environment_;
  PubSubServer pubsub_;
  std::string access_token_;
  std::optional<ListenAddress> grpc_;
  std::optional<ListenAddress> grpc_tls_;
  std::unique_ptr<HttpListener> http_;
  std::unique_ptr<HttpListener> https_;
  std::unique_ptr<ConnectProxy> proxy_;
};

OrgServer::OrgServer(const ServerOptions& options) : impl_(std::make_unique<Impl>(options)) {}
OrgServer::~OrgServer() = default;
std::string OrgServer::ready_line() const { return impl_->ready_line(); }
HttpResponse OrgServer::handle(const HttpRequest& request) { return impl_->handle(request); }

}  // namespace orgsim
