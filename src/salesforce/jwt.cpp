#include "salesforce/jwt.h"

#include <memory>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <nlohmann/json.hpp>

namespace duet::salesforce {
namespace {

constexpr TimeMs kValidMs = 180'000;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                               reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

/// Refuses encrypted keys instead of asking on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

Result<std::string> make_login_assertion(std::string_view private_key_pem, const std::string& client_id,
                                         const std::string& username, const std::string& audience, TimeMs now) {
  Bio bio(BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size())), &BIO_free);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free);
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
    return fail(ErrorKind::config,
                "The private key cannot be read: it must be an RSA key in PEM form without a passphrase",
                "PRIVATE_KEY");
  }
  nlohmann::json claims = {
      {"iss", client_id}, {"sub", username}, {"aud", audience}, {"exp", (now + kValidMs) / kMsPerSecond}};
  std::string input = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." +
                      base64url(claims.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));

  Digest digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::size_t length = 0;
  auto* data = reinterpret_cast<const unsigned char*>(input.data());
  if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &length, data, input.size()) != 1) {
    return fail(ErrorKind::config, "The private key cannot sign", "PRIVATE_KEY");
  }
  std::string signature(length, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, data, input.size()) !=
      1) {
    return fail(ErrorKind::config, "The private key cannot sign", "PRIVATE_KEY");
  }
  signature.resize(length);
  return input + "." + base64url(signature);
}

}  // namespace duet::salesforce
