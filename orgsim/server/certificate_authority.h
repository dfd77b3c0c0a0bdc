#pragma once

#include <filesystem>
#include <string>

namespace orgsim {

/// The PEM files of a simulator's trust: its own CA, the server certificate that the CA signed, and the key with which
/// a client signs JWT assertions.
struct TrustFiles {
  std::filesystem::path ca_file;
  std::filesystem::path server_certificate_file;
  std::filesystem::path server_key_file;
  std::filesystem::path jwt_key_file;
  /// The public half of jwt_key_file, PEM text, with which assertions are verified.
  std::string jwt_public_key;
};

/// Uses what the directory holds from an earlier run or writes new files (keys readable by the owner only). The server
/// certificate names localhost, 127.0.0.1 and Salesforce's public hosts (spec §7). Throws std::runtime_error.
TrustFiles prepare_trust_files(const std::filesystem::path& directory);

}  // namespace orgsim
