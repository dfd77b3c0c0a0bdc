#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "orgsim/server/options.h"

namespace orgsim {

/// Where a tunnel to that host and port really goes; nullopt refuses it with 403.
using TunnelRoute = std::function<std::optional<ListenAddress>(const std::string& host, int port)>;

/// An HTTP CONNECT proxy that knows a few destinations only (spec §7, "Universal recipe"): clients with fixed host
/// names reach the simulator's own TLS listeners unmodified. It never opens a connection that the route does not name.
/// A thread per tunnel, at most kTunnelsMax; one more is answered with 503.
class ConnectProxy {
 public:
  static constexpr int kTunnelsMax = 256;

  /// Binds; throws std::runtime_error with the reason when the address cannot be used.
  ConnectProxy(const ListenAddress& address, TunnelRoute route);
  /// Stops and joins.
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  void start();
  /// Cuts every tunnel.
  void stop();
  /// "http://127.0.0.1:41234"
  std::string url() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orgsim
