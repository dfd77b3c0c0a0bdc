#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orgsim {

struct ListenAddress {
  std::string host;
  /// 0 takes a free port.
  int port = 0;
};

/// What `duet-orgsim` was asked to serve. A listener without an address is not started.
struct ServerOptions {
  std::optional<ListenAddress> http;
  std::optional<ListenAddress> https;
  /// Plaintext Pub/Sub; the TLS one is separate because one port serves one of the two.
  std::optional<ListenAddress> grpc;
  std::optional<ListenAddress> grpc_tls;
  /// HTTP CONNECT proxy; it needs `https` and `grpc_tls`, which then get a free port unless they are given.
  std::optional<ListenAddress> proxy;
  /// Where the certificates and keys live; empty means a private directory that is removed at the end.
  std::filesystem::path data_directory;
  std::string org = "standard";
  uint64_t seed = 1;
};

/// Why the program ends before it serves: the text to print and the exit status (0 after --help).
struct OptionsExit {
  int status = 0;
  std::string text;
};

/// Reads the command line. Without any listener option every listener gets a free port of 127.0.0.1.
std::expected<ServerOptions, OptionsExit> parse_options(int argc, const char* const* argv);

/// "127.0.0.1:0", "[::1]:8080" or ":8080" (127.0.0.1); nullopt when it is none of these.
std::optional<ListenAddress> parse_listen_address(const std::string& text);

}  // namespace orgsim
