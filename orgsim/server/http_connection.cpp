#include "orgsim/server/http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace orgsim {
namespace {

constexpr size_t kReadBuffer = 65536;
constexpr size_t kWriteBuffer = 65536;
/// A client that sends half a request, and one that does not read its answer (a loader may rest while it writes).
constexpr timeval kReceiveTimeout{.tv_sec = 60, .tv_usec = 0};
constexpr timeval kSendTimeout{.tv_sec = 600, .tv_usec = 0};

void read_address(const sockaddr_storage& address, std::string& ip, int& port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    port = ntohs(v6.sin6_port);
  }
  ip = text;
}

}  // namespace

HttpConnection::HttpConnection(int fd, SSL_CTX* tls) : fd_(fd) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kReceiveTimeout, sizeof kReceiveTimeout);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  if (tls != nullptr) {
    ssl_ = SSL_new(tls);
    if (ssl_ != nullptr) SSL_set_fd(ssl_, fd_);
    failed_ = ssl_ == nullptr;
  }
}

HttpConnection::~HttpConnection() {
  if (ssl_ != nullptr) {
    if (!failed_ && !cut_) SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_RDWR);
  ::close(fd_);
}

bool HttpConnection::handshake() {
  if (ssl_ == nullptr) return !failed_;
  if (SSL_accept(ssl_) == 1) return true;
  failed_ = true;
  ERR_clear_error();
  return false;
}

bool HttpConnection::is_readable() const {
  if (in_position_ < in_.size() || (ssl_ != nullptr && SSL_pending(ssl_) > 0)) return true;
  pollfd poll_fd{.fd = fd_, .events = POLLIN, .revents = 0};
  return ::poll(&poll_fd, 1, 0) > 0;
}

bool HttpConnection::wait_readable(std::chrono::milliseconds timeout) {
  if (in_position_ < in_.size()) return true;
  if (ssl_ != nullptr && SSL_pending(ssl_) > 0) return true;
  pollfd poll_fd{.fd = fd_, .events = POLLIN, .revents = 0};
  return ::poll(&poll_fd, 1, static_cast<int>(timeout.count())) > 0;
}

bool HttpConnection::fill() {
  if (failed_ || cut_) return false;
  if (in_position_ > 0) {
    in_.erase(0, in_position_);
    in_position_ = 0;
  }
  const size_t before = in_.size();
  in_.resize(before + kReadBuffer);
  ssize_t got = 0;
  if (ssl_ != nullptr) {
    got = SSL_read(ssl_, in_.data() + before, static_cast<int>(kReadBuffer));
    if (got <= 0) ERR_clear_error();
  } else {
    do {
      got = ::recv(fd_, in_.data() + before, kReadBuffer, 0);
    } while (got < 0 && errno == EINTR);
  }
  in_.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return got > 0;
}

HttpConnection::Head HttpConnection::read_head() {
  constexpr std::string_view kEnd = "\r\n\r\n";
  size_t searched = 0;
  while (true) {
    const std::string_view head = std::string_view(in_).substr(in_position_);
    const size_t line_end = head.find('\n');
    if (std::min(line_end, head.size()) > kRequestLineMax) return Head::line_too_long;
    const size_t end = head.find(kEnd, searched > kEnd.size() ? searched - kEnd.size() : 0);
    if (end != std::string_view::npos && end <= kHeadMax) return Head::complete;
    if (head.size() > kHeadMax) return Head::too_large;
    searched = head.size();
    if (!fill()) return Head::incomplete;
  }
}

std::string HttpConnection::take_target() {
  const size_t end = in_.find('\n', in_position_);
  if (end == std::string::npos) return {};
  const std::string_view line = std::string_view(in_).substr(in_position_, end - in_position_);
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first + 1) return {};
  std::string target(line.substr(first + 1, last - first - 1));
  in_.replace(in_position_ + first + 1, target.size(), "/");
  return target;
}

ssize_t HttpConnection::read(char* data, size_t size) {
  if (in_position_ == in_.size()) {
    // The peer may be waiting for what we have gathered (100 Continue) before it sends on.
    if (!flush() || !fill()) return failed_ ? -1 : 0;
  }
  const size_t count = std::min(size, in_.size() - in_position_);
  std::memcpy(data, in_.data() + in_position_, count);
  in_position_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t HttpConnection::write(const char* data, size_t size) {
  if (cut_) return static_cast<ssize_t>(size);
  if (failed_) return -1;
  if (out_.size() + size <= kWriteBuffer) {
    out_.append(data, size);
    return static_cast<ssize_t>(size);
  }
  if (!flush() || !send_all(data, size)) return -1;
  return static_cast<ssize_t>(size);
}

bool HttpConnection::flush() {
  if (out_.empty() || cut_) return !failed_;
  const bool sent = send_all(out_.data(), out_.size());
  out_.clear();
  return sent;
}

bool HttpConnection::send_all(const char* data, size_t size) {
  while (size > 0 && !failed_) {
    ssize_t sent = 0;
    if (ssl_ != nullptr) {
      constexpr size_t kTlsWriteMax = 1 << 20;
      sent = SSL_write(ssl_, data, static_cast<int>(std::min(size, kTlsWriteMax)));
      if (sent <= 0) ERR_clear_error();
    } else {
      sent = ::send(fd_, data, size, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
    }
    if (sent <= 0) {
      failed_ = true;
      break;
    }
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return !failed_;
}

void HttpConnection::cut(bool reset) {
  cut_ = true;
  out_.clear();
  if (reset) {
    // Dissolving the association makes Linux send a RST at once.
    sockaddr nowhere{};
    nowhere.sa_family = AF_UNSPEC;
    ::connect(fd_, &nowhere, sizeof nowhere);
  } else {
    ::shutdown(fd_, SHUT_RDWR);
  }
}

void HttpConnection::set_deadline(std::optional<std::chrono::milliseconds> from_now) {
  using std::chrono::steady_clock;
  deadline_ = from_now ? steady_clock::now() + *from_now : steady_clock::time_point::max();
}

void HttpConnection::end_if_late(std::chrono::steady_clock::time_point now) {
  if (deadline_.load() < now) ::shutdown(fd_, SHUT_RDWR);
}

void HttpConnection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0) read_address(address, ip, port);
}

void HttpConnection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) == 0) read_address(address, ip, port);
}

}  // namespace orgsim
