#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "orgsim/server/http_message.h"

namespace orgsim {

struct HttpListenerOptions {
  std::string host = "127.0.0.1";
  /// 0 takes a free port.
  int port = 0;
  /// PEM files; both empty means plain HTTP.
  std::string certificate_file;
  std::string key_file;
  /// How long a client may take for a request's head (and the TLS handshake before it), and for its body: a connection
  /// that is slower is closed, however it spreads its bytes.
  std::chrono::milliseconds head_timeout{60'000};
  std::chrono::milliseconds body_timeout{600'000};
};

/// An HTTP/1.1 server on one address, a thread per connection, at most kConnectionsMax of them at once (one
/// more is refused). The handler runs on the connections' threads.
class HttpListener {
 public:
  static constexpr size_t kConnectionsMax = 512;
  static constexpr size_t kBodyBytesMax = size_t{150} << 20;
  /// All bodies that are being read or handled at once; one that would exceed it is answered with 503.
  static constexpr size_t kAllBodiesBytesMax = size_t{1} << 30;

  /// Binds; throws std::runtime_error with the reason when the address or the certificate cannot be used.
  HttpListener(const HttpListenerOptions& options, HttpHandler handler);
  /// Stops and joins.
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  void start();
  /// Cuts every open connection, waits for the handlers.
  void stop();
  int port() const;
  /// "http://127.0.0.1:41234"
  std::string url() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orgsim
