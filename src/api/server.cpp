#include "api/server.h"

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

constexpr std::size_t kMaxBodyBytes = 64 * 1024;
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
    http_.new_task_queue = [threads = options_.threads] { return new BoundedTaskQueue(threads); };
    // The default would let a second server listen on the same port and take every other request.
    http_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    http_.set_tcp_nodelay(true);
    http_.set_payload_max_length(kMaxBodyBytes);
    http_.set_read_timeout(kSilenceSeconds);
    http_.set_write_timeout(kSilenceSeconds);
    http_.set_keep_alive_max_count(kRequestsPerConnection);
    http_.set_keep_alive_timeout(kSilenceSeconds);
    // Registered by method, so that a body is read, up to its bound, before the answer: bytes that are left over would
    // begin the next request.
    const auto handler = [this](const httplib::Request& in, httplib::Response& out) { answer(in, out); };
    constexpr const char* kEveryPath = ".*";
    http_.Get(kEveryPath, handler);
    http_.Post(kEveryPath, handler);
    http_.Put(kEveryPath, handler);
    http_.Patch(kEveryPath, handler);
    http_.Delete(kEveryPath, handler);
    http_.Options(kEveryPath, handler);
    // What httplib refuses by itself: malformed requests, bodies that are too large.
    http_.set_error_handler([](const httplib::Request&, httplib::Response& out) {
      add_security_headers(out);
      if (out.body.empty()) copy(error_response(out.status, "bad_request", "the request cannot be read", ""), out);
    });
    http_.set_exception_handler([](const httplib::Request&, httplib::Response& out, std::exception_ptr) {
      copy(error_response(500, "bug", "an error inside Duet", "report this with the log"), out);
    });
  }

  ~Impl() { http_.stop(); }

  Result<void> start() {
    const bool bound = options_.port == 0 ? (port_ = http_.bind_to_any_port(options_.host)) > 0
                                          : http_.bind_to_port(options_.host, options_.port);
    if (!bound) {
      return fail(ErrorKind::config, fmt::format("cannot listen on {}:{}", options_.host, options_.port), {},
                  "another program may use the port: change server.listen in duet.toml");
    }
    if (options_.port != 0) port_ = options_.port;
    thread_ = std::jthread([this] { http_.listen_after_bind(); });
    // stop() before the loop has begun would be lost.
    while (!http_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
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
    for (const auto& [name, value] : in.params) request.query.emplace(name, value);
    const Response response = router_.handle(request);
    copy(response, out);
    add_security_headers(out);
    if (response.status >= 500)
      log(LogLevel::warn, "http error", {{"method", in.method}, {"path", in.path}, {"status", response.status}});
  }

  ServerOptions options_;
  const Router& router_;
  httplib::Server http_;
  int port_ = 0;
  std::jthread thread_;
};

Server::Server(ServerOptions options, const Router& router)
    : impl_(std::make_unique<Impl>(std::move(options), router)) {}

Server::~Server() = default;

Result<void> Server::start() { return impl_->start(); }

int Server::port() const { return impl_->port(); }

}  // namespace duet::api
