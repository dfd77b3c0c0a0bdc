#pragma once

#include <string>

namespace duet::salesforce {

/// How the engine signs in (spec/salesforce-api.md §1.1).
enum class AuthFlow { jwt, client_credentials, refresh_token, password };

/// One org as duet.toml describes it (design §7). Secrets are the secrets themselves, not names of files.
struct ConnectionSettings {
  std::string login_url = "https://login.salesforce.com";
  AuthFlow auth = AuthFlow::jwt;
  std::string client_id;
  std::string client_secret;
  std::string username;
  std::string password;     ///< with the security token appended where the org asks for one
  std::string private_key;  ///< PEM text, for jwt
  std::string refresh_token;

  std::string pubsub = "api.pubsub.salesforce.com:7443";
  bool pubsub_plaintext = false;  ///< without TLS; only loopback hosts are accepted
  std::string channel = "/data/ChangeEvents";

  std::string api_version = "62.0";
  std::string ca_file;  ///< trusted besides the system's certificates; empty: none

  long connect_timeout_ms = 10'000;
  long request_timeout_ms = 120'000;
  long bulk_job_timeout_ms = 6 * 3'600'000L;
};

}  // namespace duet::salesforce
