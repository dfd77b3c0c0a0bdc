#include "orgsim/server/connect_proxy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "orgsim/server/connection_pool.h"
#include "orgsim/server/http_message.h"

namespace orgsim {
namespace {

constexpr size_t kHeadBytesMax = 16384;
constexpr size_t kRelayBuffer = 65536;
constexpr int kListenBacklog = 256;
constexpr timeval kHeadTimeout{.tv_sec = 30, .tv_usec = 0};
/// A tunnel on which nothing moves for so long is closed; Pub/Sub keep-alives come every 270 s.
constexpr int kIdleTimeoutMs = 3'600'000;

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket(const Socket&) = delete;
  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// A socket bound to the address, or connected to it.
Socket open_socket(const ListenAddress& address, bool listening) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (listening ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0) return Socket{};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    Socket socket(::socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol));
    if (!socket) continue;
    const int on = 1;
    setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listening && ::bind(socket.fd(), info->ai_addr, info->ai_addrlen) == 0 &&
        ::listen(socket.fd(), kListenBacklog) == 0) {
      return socket;
    }
    if (!listening && ::connect(socket.fd(), info->ai_addr, info->ai_addrlen) == 0) return socket;
  }
  return Socket{};
}

int port_of(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void answer(int fd, std::string_view status, std::string_view text) {
  const std::string message =
      fmt::format("HTTP/1.1 {}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                  status, text.size(), text);
  [[maybe_unused]] const ssize_t sent = ::send(fd, message.data(), message.size(), MSG_NOSIGNAL);
}

/// Reads up to the blank line that ends the head; what came behind it stays in `rest`.
std::optional<std::string> read_head(int fd, std::string& rest) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recv
  std::string head;
  while (head.size() <= kHeadBytesMax) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    const size_t searched = head.size() < kEnd.size() ? 0 : head.size() - kEnd.size();
    head.append(buffer.data(), static_cast<size_t>(got));
    if (const size_t end = head.find(kEnd, searched); end != std::string::npos) {
      rest = head.substr(end + kEnd.size());
      head.resize(end);
      return head;
    }
  }
  return std::nullopt;
}

/// The "host:port" of "CONNECT host:port HTTP/1.1".
std::optional<ListenAddress> tunnel_target(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first + 1 || !line.substr(last + 1).starts_with("HTTP/1.")) {
    return std::nullopt;
  }
  std::optional<ListenAddress> target = parse_listen_address(to_lower(line.substr(first + 1, last - first - 1)));
  if (!target || target->port == 0) return std::nullopt;
  return target;
}

/// Bytes on their way from one socket to another.
struct Flow {
  int from;
  int to;
  std::string waiting;
  bool ended = false;

  short wants() const { return static_cast<short>(ended || !waiting.empty() ? 0 : POLLIN); }
  bool done() const { return ended && waiting.empty(); }

  /// Takes what has come and gives away what can be given; false when a socket has failed.
  bool move() {
    if (!ended && waiting.empty()) {
      waiting.resize(kRelayBuffer);
      const ssize_t got = ::recv(from, waiting.data(), waiting.size(), MSG_DONTWAIT);
      waiting.resize(got > 0 ? static_cast<size_t>(got) : 0);
      ended = got == 0;
      // A client that sends head and body apart with Nagle's algorithm on (urllib3 behind a proxy) waits for this ACK.
      const int on = 1;
      setsockopt(from, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
      if (got < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (ended) ::shutdown(to, SHUT_WR);
    }
    if (waiting.empty()) return true;
    const ssize_t sent = ::send(to, waiting.data(), waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) waiting.erase(0, static_cast<size_t>(sent));
    return sent >= 0 || errno == EAGAIN || errno == EINTR;
  }
};

void relay(int client, int server, std::string first_bytes) {
  Flow up{.from = client, .to = server, .waiting = std::move(first_bytes)};
  Flow down{.from = server, .to = client, .waiting = {}};
  while (!up.done() || !down.done()) {
    const auto writes = [](const Flow& flow) { return static_cast<short>(flow.waiting.empty() ? 0 : POLLOUT); };
    std::array<pollfd, 2> fds{{{client, static_cast<short>(up.wants() | writes(down)), 0},
                               {server, static_cast<short>(down.wants() | writes(up)), 0}}};
    // A side without interest still reports its hang-up: it would be polled in circles.
    for (pollfd& fd : fds) {
      if (fd.events == 0) fd.fd = -1;
    }
    const int ready = ::poll(fds.data(), fds.size(), kIdleTimeoutMs);
    if (ready == 0 || (ready < 0 && errno != EINTR)) return;
    if (!up.move() || !down.move()) return;
  }
}

}  // namespace

class ConnectProxy::Impl {
 public:
  Impl(const ListenAddress& address, TunnelRoute route)
      : host_(address.host), route_(std::move(route)), listener_(open_socket(address, true)), tunnels_(kTunnelsMax) {
    if (!listener_) throw std::runtime_error(fmt::format("cannot listen on {}:{}", address.host, address.port));
    port_ = port_of(listener_.fd());
  }
  ~Impl() { stop(); }

  void start() {
    acceptor_ = std::thread([this] { accept_all(); });
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
      stopping_ = true;
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    ::shutdown(listener_.fd(), SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    tunnels_.shutdown();
  }

  std::string url() const {
    return fmt::format(fmt::runtime(host_.find(':') == std::string::npos ? "http://{}:{}" : "http://[{}]:{}"), host_,
                       port_);
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) {
        const std::scoped_lock lock(mutex_);
        if (stopping_) return;
        // Out of descriptors, for example: others will be freed.
        if (errno != EINTR && errno != ECONNABORTED) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        continue;
      }
      if (open_count_ >= kTunnelsMax) {
        answer(fd, "503 Service Unavailable", "Too many tunnels.\n");
        ::close(fd);
        continue;
      }
      ++open_count_;
      tunnels_.enqueue([this, fd] {
        const Socket client(fd);
        if (ConnectionPool::refusing()) {
          answer(fd, "503 Service Unavailable", "Too many tunnels.\n");
        } else {
          serve(client);
        }
        --open_count_;
      });
    }
  }

  void serve(const Socket& client) {
    const Registration registered(*this, client.fd());
    const int on = 1;
    setsockopt(client.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &kHeadTimeout, sizeof kHeadTimeout);
    std::string rest;
    const std::optional<std::string> head = read_head(client.fd(), rest);
    if (!head) return answer(client.fd(), "400 Bad Request", "Expected CONNECT HOST:PORT.\n");
    if (!head->starts_with("CONNECT ")) {
      return answer(client.fd(), "405 Method Not Allowed", "This proxy opens tunnels only: CONNECT HOST:PORT.\n");
    }
    const std::optional<ListenAddress> wanted = tunnel_target(*head);
    if (!wanted) return answer(client.fd(), "400 Bad Request", "Expected CONNECT HOST:PORT.\n");
    const std::optional<ListenAddress> target = route_(wanted->host, wanted->port);
    if (!target) return answer(client.fd(), "403 Forbidden", "This proxy knows only the simulated org's hosts.\n");
    const Socket server = open_socket(*target, false);
    if (!server) return answer(client.fd(), "502 Bad Gateway", "The listener does not answer.\n");
    setsockopt(server.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    constexpr std::string_view kOpen = "HTTP/1.1 200 Connection Established\r\n\r\n";
    if (::send(client.fd(), kOpen.data(), kOpen.size(), MSG_NOSIGNAL) < 0) return;
    relay(client.fd(), server.fd(), std::move(rest));
  }

  /// While it lives, stop() can cut the socket.
  class Registration {
   public:
    Registration(Impl& proxy, int fd) : proxy_(proxy), fd_(fd) {
      const std::scoped_lock lock(proxy_.mutex_);
      proxy_.open_.insert(fd_);
      if (proxy_.stopping_) ::shutdown(fd_, SHUT_RDWR);
    }
    ~Registration() {
      const std::scoped_lock lock(proxy_.mutex_);
      proxy_.open_.erase(fd_);
    }
    Registration(const Registration&) = delete;

   private:
    Impl& proxy_;
    int fd_;
  };

  const std::string host_;
  const TunnelRoute route_;
  Socket listener_;
  int port_ = 0;
  std::thread acceptor_;
  std::atomic<int> open_count_ = 0;
  std::mutex mutex_;
  std::set<int> open_;
  bool stopping_ = false;
  ConnectionPool tunnels_;
};

ConnectProxy::ConnectProxy(const ListenAddress& address, TunnelRoute route)
    : impl_(std::make_unique<Impl>(address, std::move(route))) {}
ConnectProxy::~ConnectProxy() = default;
void ConnectProxy::start() { impl_->start(); }
void ConnectProxy::stop() { impl_->stop(); }
std::string ConnectProxy::url() const { return impl_->url(); }

}  // namespace orgsim
