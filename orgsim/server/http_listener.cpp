#include "orgsim/server/http_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "orgsim/server/connection_pool.h"
#include "orgsim/server/http_connection.h"

namespace orgsim {
namespace {

constexpr std::chrono::milliseconds kIdleTimeout{300'000};
/// How often connections are looked at that take too long.
constexpr std::chrono::milliseconds kWatchPauseMin{10};
constexpr std::chrono::milliseconds kWatchPauseMax{1'000};
constexpr int kListenBacklog = 512;
constexpr size_t kKeepAliveRequests = 1'000'000;

constexpr std::string_view kTooManyConnections =
    R"([{"message":"The server is busy: too many connections","errorCode":"SERVER_UNAVAILABLE"}])";
constexpr const char* kTooManyBodies =
    R"([{"message":"The server is busy: too many large requests","errorCode":"SERVER_UNAVAILABLE"}])";

/// What one request's body takes of the room for all.
class BodyRoom {
 public:
  explicit BodyRoom(std::atomic<size_t>& taken) : taken_(taken) {}
  ~BodyRoom() { taken_ -= mine_; }
  BodyRoom(const BodyRoom&) = delete;
  BodyRoom& operator=(const BodyRoom&) = delete;

  /// False when there is none left.
  bool take(size_t bytes) {
    mine_ += bytes;
    return (taken_ += bytes) <= HttpListener::kAllBodiesBytesMax;
  }

 private:
  std::atomic<size_t>& taken_;
  size_t mine_ = 0;
};

/// The connection whose request this thread is handling, and the target taken off its request line.
struct CurrentRequest {
  HttpConnection* connection = nullptr;
  std::string target;
  bool close_after = false;
};
thread_local CurrentRequest current_request;

using TlsContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

TlsContext make_tls_context(const HttpListenerOptions& options) {
  if (options.certificate_file.empty()) return {nullptr, SSL_CTX_free};
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (context == nullptr || SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error(fmt::format("cannot use the certificate {}", options.certificate_file));
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

HttpRequest make_request(const httplib::Request& request, const std::string& scheme, const std::string& address) {
  HttpRequest out;
  out.method = request.method;
  out.scheme = scheme;
  const std::string& target = current_request.target;
  const size_t question = target.find('?');
  out.raw_path = target.substr(0, question);
  out.segments = split_path(out.raw_path);
  if (question != std::string::npos) out.query = parse_form(std::string_view(target).substr(question + 1));
  out.headers.reserve(request.headers.size());
  for (const auto& [name, value] : request.headers) out.headers.emplace_back(to_lower(name), value);
  const std::string_view host = out.header("host");
  out.host = host.empty() ? address : std::string(host);
  return out;
}

void send_stream(httplib::Response& out, const std::string& content_type, BodySource source) {
  out.set_chunked_content_provider(content_type, [source = std::move(source)](size_t, httplib::DataSink& sink) {
    std::string piece;
    const bool more = source(piece);
    if (!piece.empty() && !sink.write(piece.data(), piece.size())) return false;
    if (!more) sink.done();
    return true;
  });
}

}  // namespace

class HttpListener::Impl final : public httplib::Server {
 public:
  Impl(const HttpListenerOptions& options, HttpHandler handler)
      : tls_(make_tls_context(options)),
        handler_(std::move(handler)),
        host_(options.host),
        head_timeout_(options.head_timeout),
        body_timeout_(options.body_timeout) {
    new_task_queue = [] { return new ConnectionPool(kConnectionsMax); };
    set_socket_options([](socket_t fd) {
      const int on = 1;
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    set_tcp_nodelay(true);
    // What the Keep-Alive header promises; serve() is what keeps it.
    set_keep_alive_timeout(kIdleTimeout.count() / 1000);
    set_keep_alive_max_count(kKeepAliveRequests);
    add_routes();
    port_ = options.port;
    const bool bound = options.port == 0 ? (port_ = bind_to_any_port(host_)) > 0 : bind_to_port(host_, options.port);
    if (!bound) throw std::runtime_error(fmt::format("cannot listen on {}:{}", host_, options.port));
    ::listen(svr_sock_, kListenBacklog);
  }

  ~Impl() override { stop_all(); }

  void start() {
    thread_ = std::thread([this] { listen_after_bind(); });
    watch_ = std::thread([this] { end_late_connections(); });
  }

  void stop_all() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
      for (const HttpConnection* connection : open_) ::shutdown(connection->socket(), SHUT_RDWR);
    }
    stopped_.notify_all();
    // A listener that has bound but never accepted is closed the same way.
    if (const int fd = svr_sock_.exchange(-1); fd >= 0) {
      ::shutdown(fd, SHUT_RDWR);
      ::close(fd);
    }
    if (thread_.joinable()) thread_.join();
    if (watch_.joinable()) watch_.join();
  }

  int port() const { return port_; }
  std::string scheme() const { return tls_ != nullptr ? "https" : "http"; }
  std::string address() const { return fmt::format("{}:{}", host_, port_); }

 private:
  void add_routes() {
    // take_target() leaves "/" for every request: the routing is the handler's.
    Get("/", [this](const httplib::Request& request, httplib::Response& out) { handle(request, out, nullptr); });
    Options("/", [this](const httplib::Request& request, httplib::Response& out) { handle(request, out, nullptr); });
    const auto with_body = [this](const httplib::Request& request, httplib::Response& out,
                                  const httplib::ContentReader& reader) { handle(request, out, &reader); };
    Post("/", with_body);
    Put("/", with_body);
    Patch("/", with_body);
    Delete("/", with_body);
  }

  void handle(const httplib::Request& request, httplib::Response& out, const httplib::ContentReader* reader) {
    HttpConnection& connection = *current_request.connection;
    HttpRequest in = make_request(request, scheme(), address());
    BodyRoom room(bodies_);
    const BodyRead body = reader != nullptr ? read_body(request, *reader, room, in) : BodyRead::whole;
    connection.set_deadline(std::nullopt);
    if (body == BodyRead::too_large) {
      in.body = {};
      in.parts.clear();
    } else if (body != BodyRead::whole) {
      // Half a body is no request: nothing of it may be applied.
      out.status = body == BodyRead::no_room ? 503 : 400;
      if (body == BodyRead::no_room) out.set_content(kTooManyBodies, "application/json;charset=UTF-8");
      out.set_header("Connection", "close");
      current_request.close_after = true;
      return;
    }
    HttpResponse answer = handler_(in);
    if (answer.fate != ConnectionFate::keep) {
      connection.cut(answer.fate == ConnectionFate::reset);
      return;
    }
    out.status = answer.status;
    // What is left of an unread body must not be taken for the next request.
    if (in.body_too_large) out.set_header("Connection", "close");
    for (auto& [name, value] : answer.headers) out.set_header(name, value);
    if (answer.stream) {
      send_stream(out, answer.content_type, std::move(answer.stream));
    } else if (answer.status != 204 && answer.status != 304) {
      out.set_content(std::move(answer.body), answer.content_type);
    }
    current_request.close_after |= in.body_too_large;
  }

  enum class BodyRead { whole, broken, too_large, no_room };

  static BodyRead read_body(const httplib::Request& request, const httplib::ContentReader& reader, BodyRoom& room,
                            HttpRequest& in) {
    size_t size = 0;
    auto ended = BodyRead::broken;
    const auto take = [&](std::string& place, const char* data, size_t length) {
      size += length;
      if (size > kBodyBytesMax) ended = BodyRead::too_large;
      if (ended == BodyRead::broken && !room.take(length)) ended = BodyRead::no_room;
      if (ended == BodyRead::broken) place.append(data, length);
      return ended == BodyRead::broken;
    };
    bool whole = false;
    if (!request.is_multipart_form_data()) {
      whole = reader([&](const char* data, size_t length) { return take(in.body, data, length); });
    } else {
      whole = reader(
          [&](const httplib::MultipartFormData& part) {
            if (in.parts.size() == kPartsMax) return false;
            in.parts.push_back({.name = part.name, .content_type = part.content_type, .body = {}});
            return true;
          },
          [&](const char* data, size_t length) {
            return !in.parts.empty() && take(in.parts.back().body, data, length);
          });
    }
    in.body_too_large = ended == BodyRead::too_large;
    return whole ? BodyRead::whole : ended;
  }

  /// One connection more than there are threads (spec §9: bounded, then 503). Over TLS there is no telling without a
  /// handshake, for which nobody is free.
  void refuse_connection(socket_t fd) const {
    if (tls_ == nullptr) {
      const std::string busy = fmt::format(
          "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: {}\r\n"
          "Connection: close\r\n\r\n{}",
          kTooManyConnections.size(), kTooManyConnections);
      [[maybe_unused]] const ssize_t sent = ::send(fd, busy.data(), busy.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      ::shutdown(fd, SHUT_WR);
      // What has come must be read, or closing would reset the connection before the answer is.
      std::array<char, 4096> unread;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recv
      while (::recv(fd, unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
      }
    }
    ::close(fd);
  }

  bool process_and_close_socket(socket_t fd) override {
    if (ConnectionPool::refusing()) {
      refuse_connection(fd);
      return false;
    }
    HttpConnection connection(fd, tls_.get());
    if (!enter(connection)) return false;
    serve(connection);
    leave(connection);
    return true;
  }

  void serve(HttpConnection& connection) {
    connection.set_deadline(head_timeout_);
    if (!connection.handshake()) return;
    while (true) {
      connection.set_deadline(std::nullopt);
      if (!connection.wait_readable(kIdleTimeout)) break;
      connection.set_deadline(head_timeout_);
      const HttpConnection::Head head = connection.read_head();
      if (head != HttpConnection::Head::complete) {
        refuse(connection, head);
        break;
      }
      current_request = {&connection, connection.take_target(), false};
      // A request line that could not be read is answered with 400; what follows it means nothing.
      current_request.close_after = current_request.target.empty();
      connection.set_deadline(body_timeout_);
      bool closed = false;
      const bool handled = process_request(connection, false, closed, [](httplib::Request&) {});
      if (!connection.flush() || !handled || closed || connection.is_cut() || current_request.close_after) break;
    }
    current_request = {};
  }

  void end_late_connections() {
    const auto pause = std::clamp<std::chrono::milliseconds>(head_timeout_ / 4, kWatchPauseMin, kWatchPauseMax);
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, pause, [this] { return stopping_; })) {
      const auto now = std::chrono::steady_clock::now();
      for (HttpConnection* connection : open_) connection->end_if_late(now);
    }
  }

  static void refuse(HttpConnection& connection, HttpConnection::Head head) {
    if (head == HttpConnection::Head::incomplete) return;
    const bool is_line = head == HttpConnection::Head::line_too_long;
    const std::string answer = fmt::format("HTTP/1.1 {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                                           is_line ? "414 URI Too Long" : "431 Request Header Fields Too Large");
    connection.write(answer.data(), answer.size());
    connection.flush();
  }

  bool enter(HttpConnection& connection) {
    const std::scoped_lock lock(mutex_);
    if (!stopping_) open_.insert(&connection);
    return !stopping_;
  }

  void leave(HttpConnection& connection) {
    const std::scoped_lock lock(mutex_);
    open_.erase(&connection);
  }

  TlsContext tls_;
  HttpHandler handler_;
  std::string host_;
  std::chrono::milliseconds head_timeout_;
  std::chrono::milliseconds body_timeout_;
  int port_ = 0;
  std::thread thread_;
  std::thread watch_;
  std::atomic<size_t> bodies_ = 0;
  std::mutex mutex_;
  std::condition_variable stopped_;
  std::set<HttpConnection*> open_;
  bool stopping_ = false;
};

HttpListener::HttpListener(const HttpListenerOptions& options, HttpHandler handler)
    : impl_(std::make_unique<Impl>(options, std::move(handler))) {}
HttpListener::~HttpListener() = default;
void HttpListener::start() { impl_->start(); }
void HttpListener::stop() { impl_->stop_all(); }
int HttpListener::port() const { return impl_->port(); }
std::string HttpListener::url() const { return fmt::format("{}://{}", impl_->scheme(), impl_->address()); }

}  // namespace orgsim
