#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace orgsim {

/// One accepted TCP connection, plain or TLS, as the stream that the HTTP library reads and writes. Reads are buffered;
/// writes are gathered until flush() or until they fill a segment buffer, so that a small answer is one packet.
/// Used by one thread; only end_if_late() and a shutdown of the
/// socket may come from another.
class HttpConnection final : public httplib::Stream {
 public:
  /// The org's bound on a request line, and ours on a whole head: what is longer is answered with 414 or 431.
  static constexpr size_t kRequestLineMax = 16384;
  static constexpr size_t kHeadMax = 65536;

  enum class Head { complete, incomplete, line_too_long, too_large };

  /// Takes ownership of fd. tls may be null.
  HttpConnection(int fd, SSL_CTX* tls);
  ~HttpConnection() override;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Ends the TLS handshake, if any.
  bool handshake();
  /// Waits for the first byte of the next request, or the end of the stream; false on timeout.
  bool wait_readable(std::chrono::milliseconds timeout);
  /// Reads up to the blank line that ends the head; `incomplete` when the peer stopped before it.
  Head read_head();
  /// Takes the target off the request line ("POST /a?b HTTP/1.1" becomes "POST / HTTP/1.1") and returns it: the library
  /// bounds it at 8 KB and decodes %2F before the path is split. Empty when the line is malformed.
  std::string take_target();
  bool flush();
  /// From now on nothing more is sent; with reset, the peer sees a RST.
  void cut(bool reset);
  bool is_cut() const { return cut_; }
  /// The peer must have done what is asked of it by then; without a time it may take as long as it likes. end_if_late()
  /// keeps it: however slowly bytes trickle in, their reader is woken then.
  void set_deadline(std::optional<std::chrono::milliseconds> from_now);
  /// Ends the connection when its deadline has passed. From any thread, while the connection lives.
  void end_if_late(std::chrono::steady_clock::time_point now);

  bool is_readable() const override;
  bool is_writable() const override { return !failed_; }
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return fd_; }

 private:
  bool fill();
  bool send_all(const char* data, size_t size);

  int fd_;
  SSL* ssl_ = nullptr;
  std::string in_;
  size_t in_position_ = 0;
  std::string out_;
  bool failed_ = false;
  bool cut_ = false;
  std::atomic<std::chrono::steady_clock::time_point> deadline_ = std::chrono::steady_clock::time_point::max();
};

}  // namespace orgsim
