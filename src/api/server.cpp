#include "api/server.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <httplib.h>

#include "base/bounded_queue.h"
#include "base/logging.h"

namespace duet::api {
namespace {

constexpr std::size_t kMaxBodyBytes = 256 * 1024;
/// How often a stream shows that it lives, and whoever listens is checked again.
constexpr int kPingMs = 15'000;
/// How soon a stream notices that the server stops.
constexpr int kStreamWaitMs = 500;
constexpr std::size_t kMaxWaitingConnections = 64;
constexpr std::size_t kRequestsPerConnection = 1'000;
constexpr time_t kSilenceSeconds = 5;

/// httplib's own pool queues without a bound; here the accepting thread waits, and the kernel's backlog is the queue.
class BoundedTaskQueue final : public httplib::TaskQueue {
 public:
  explicit BoundedTaskQueue(int threads) : tasks_(kMaxWaitingConnections) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this] {
        while (true) {
          auto task = tasks_.pop(std::chrono::milliseconds(1'000));
          if (task) {
            (*task)();
          } else if (tasks_.closed()) {
            return;
          }
        }
      });
    }
  }

  void enqueue(std::function<void()> task) override { tasks_.push(std::move(task)); }

  void shutdown() override {
    tasks_.close();
    threads_.clear();
  }

 private:
  BoundedQueue<std::function<void()>> tasks_;
  std::vector<std::jthread> threads_;
};

/// Where the answer does not say otherwise.
void add_security_headers(httplib::Response& out) {
  const auto add = [&out](const char* name, const char* value) {
    if (!out.has_header(name)) out.set_header(name, value);
  };
  add("Cache-Control", "no-store");
  add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  add("Referrer-Policy", "no-referrer");
  add("X-Content-Type-Options", "nosniff");
}

void copy(const Response& from, httplib::Response& to) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (!to.has_header("Content-Encoding") || from.body.empty()) {
    to.set_content(from.body, from.content_type);
    return;
  }
  // httplib compresses every text by itself, also one that is compressed already, unless a provider writes it.
  const auto body = std::make_shared<const std::string>(from.body);
  to.set_content_provider(body->size(), from.content_type,
                          [body](std::size_t at, std::size_t size, httplib::DataSink& sink) {
                            return sink.write(body->data() + at, size);
                          });
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, const Router& router) : options_(std::move(options)), router_(router) {
    if (options_.tls_certificate_file.empty()) {
      server_ = std::make_unique<httplib::Server>();
    } else {
      auto tls =
          std::make_unique<httplib::SSLServer>(options_.tls_certificate_file.c_str(), options_.tls_key_file.c_str());
      if (tls->is_valid()) SSL_CTX_set_min_proto_version(tls->ssl_context(), TLS1_2_VERSION);
      server_ = std::move(tls);
    }
    httplib::Server& http = *server_;
    http.new_task_queue = [threads = options_.threads] { return new BoundedTaskQueue(threads); };
    // The default would let a second server listen on the same port and take every other request.
    http.set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    http.set_tcp_nodelay(true);
    http.set_payload_max_length(kMaxBodyBytes);
    http.set_read_timeout(kSilenceSeconds);
    http.set_write_timeout(kSilenceSeconds);
    http.set_keep_alive_max_count(kRequestsPerConnection);
    http.set_keep_alive_timeout(kSilenceSeconds);
    // Registered by method, so that a body is read, up to its bound, before the answer: bytes that are left over would
    // begin the next request.
    const auto handler = [this](const httplib::Request& in, httplib::Response& out) { answer(in, out); };
    constexpr const char* kEveryPath = ".*";
    http.Get(kEveryPath, handler);
    http.Post(kEveryPath, handler);
    http.Put(kEveryPath, handler);
    http.Patch(kEveryPath, handler);
    http.Delete(kEveryPath, handler);
    http.Options(kEveryPath, handler);
    // What httplib refuses by itself: malformed requests, bodies that are too large.
    http.set_error_handler([](const httplib::Request&, httplib::Response& out) {
      add_security_headers(out);
      if (out.body.empty()) copy(error_response(out.status, "bad_request", "the request cannot be read", ""), out);
    });
    http.set_exception_handler([](const httplib::Request&, httplib::Response& out, std::exception_ptr) {
      copy(error_response(500, "bug", "an error inside Duet", "report this with the log"), out);
    });
  }

  ~Impl() {
    stopping_ = true;
    server_->stop();
  }

  Result<void> start() {
    if (!server_->is_valid()) {
      return fail(ErrorKind::config, "the TLS certificate and key cannot be used together", {},
                  "check server.tls_certificate_file and server.tls_key_file in duet.toml");
    }
    const bool bound = options_.port == 0 ? (port_ = server_->bind_to_any_port(options_.host)) > 0
                                          : server_->bind_to_port(options_.host, options_.port);
    if (!bound) {
      return fail(ErrorKind::config, fmt::format("cannot listen on {}:{}", options_.host, options_.port), {},
                  "another program may use the port: change server.listen in duet.toml");
    }
    if (options_.port != 0) port_ = options_.port;
    thread_ = std::jthread([this] { server_->listen_after_bind(); });
    // stop() before the loop has begun would be lost.
    while (!server_->is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {};
  }

  int port() const { return port_; }

 private:
  void answer(const httplib::Request& in, httplib::Response& out) {
    Request request;
    request.method = in.method;
    request.path = in.path;
    request.host = in.get_header_value("Host");
    request.authorization = in.get_header_value("Authorization");
    request.accept_encoding = in.get_header_value("Accept-Encoding");
    request.if_none_match = in.get_header_value("If-None-Match");
    request.cookie = in.get_header_value("Cookie");
    request.origin = in.get_header_value("Origin");
    request.csrf = in.get_header_value("X-Duet-CSRF");
    request.content_type = in.get_header_value("Content-Type");
    request.address = in.remote_addr;
    request.body = in.body;
    for (const auto& [name, value] : in.params) request.query.emplace(name, value);
    const Response response = router_.handle(request);
    if (response.stream) {
      stream(std::move(request), response, out);
    } else {
      copy(response, out);
    }
    add_security_headers(out);
    if (!options_.tls_certificate_file.empty()) out.set_header("Strict-Transport-Security", "max-age=31536000");
    if (response.status >= 500)
      log(LogLevel::warn, "http error", {{"method", in.method}, {"path", in.path}, {"status", response.status}});
  }

  void stream(Request request, const Response& response, httplib::Response& out) {
    out.set_chunked_content_provider(response.content_type,
                                     [this, request = std::move(request), source = response.stream, silent_ms = 0](
                                         std::size_t, httplib::DataSink& sink) mutable {
                                       const auto text = stopping_ ? std::nullopt : source->next(kStreamWaitMs);
                                       if (!text) {
                                         sink.done();
                                         return true;
                                       }
                                       if (!text->empty()) return sink.write(text->data(), text->size());
                                       silent_ms += kStreamWaitMs;
                                       if (silent_ms < kPingMs) return sink.is_writable();
                                       silent_ms = 0;
                                       constexpr std::string_view kPing = "event: ping\ndata: {}\n\n";
                                       return router_.still_allowed(request) && sink.write(kPing.data(), kPing.size());
                                     });
  }

  ServerOptions options_;
  const Router& router_;
  std::unique_ptr<httplib::Server> server_;
  std::atomic<bool> stopping_ = false;
  int port_ = 0;
  std::jthread thread_;
};

Server::Server(ServerOptions options, const Router& router)
    : impl_(std::make_unique<Impl>(std::move(options), router)) {}

Server::~Server() = default;

Result<void> Server::start() { return impl_->start(); }

int Server::port() const { return impl_->port(); }

}  // namespace duet::api
