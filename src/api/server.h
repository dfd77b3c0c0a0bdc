#pragma once

#include <memory>
#include <string>

#include "api/router.h"
#include "base/result.h"

namespace duet::api {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;  ///< 0: any free one
  int threads = 4;
  /// PEM files; without them the server speaks plain HTTP.
  std::string tls_certificate_file = {};
  std::string tls_key_file = {};
};

/// The HTTP server: bounded threads, bodies, headers and waits; hands every request to the router. Serves from start()
/// until destroyed.
class Server {
 public:
  Server(ServerOptions options, const Router& router);
  ~Server();

  /// `config` when the address cannot be used.
  Result<void> start();
  /// The port that is listened on; after start().
  int port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::api
