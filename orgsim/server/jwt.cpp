#include "orgsim/server/jwt.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

namespace orgsim {
namespace {

using nlohmann::json;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

Key read_key(const std::string& pem, bool is_public) {
  BIO* memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Key key(is_public ? PEM_read_bio_PUBKEY(memory, nullptr, nullptr, nullptr)
                    : PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr));
  BIO_free(memory);
  return key;
}

int sextet(char c) {
  if (c == '+') return 62;
  if (c == '/') return 63;
  const size_t position = kAlphabet.find(c);
  return position == std::string_view::npos ? -1 : static_cast<int>(position);
}

}  // namespace

std::optional<std::string> base64_decode(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    const int value = sextet(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> held & 0xff));
    }
  }
  return out;
}

std::string base64url_encode(std::string_view bytes) {
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const unsigned char byte : bytes) {
    bits = (bits << 8 | byte) & 0xffffff;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(kAlphabet[bits >> held & 63]);
    }
  }
  if (held > 0) out.push_back(kAlphabet[bits << (6 - held) & 63]);
  return out;
}

std::string base64_encode(std::string_view bytes) {
  std::string out = base64url_encode(bytes);
  std::replace(out.begin(), out.end(), '-', '+');
  std::replace(out.begin(), out.end(), '_', '/');
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::optional<json> verified_claims(std::string_view assertion, const std::string& public_key_pem) {
  const size_t first = assertion.find('.');
  const size_t second = first == std::string_view::npos ? first : assertion.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view signed_part = assertion.substr(0, second);
  const auto head = base64_decode(assertion.substr(0, first));
  const auto body = base64_decode(assertion.substr(first + 1, second - first - 1));
  const auto signature = base64_decode(assertion.substr(second + 1));
  if (!head || !body || !signature) return std::nullopt;

  const json header = json::parse(*head, nullptr, false);
  json claims = json::parse(*body, nullptr, false);
  if (!header.is_object() || header.value("alg", json()) != "RS256" || !claims.is_object()) return std::nullopt;

  const Key key = read_key(public_key_pem, true);
  const Digest digest(EVP_MD_CTX_new());
  if (!key || EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) return std::nullopt;
  const auto* mark = reinterpret_cast<const unsigned char*>(signature->data());
  const auto* data = reinterpret_cast<const unsigned char*>(signed_part.data());
  if (EVP_DigestVerify(digest.get(), mark, signature->size(), data, signed_part.size()) != 1) return std::nullopt;
  return claims;
}

std::string sign_assertion(const json& claims, const std::string& private_key_pem) {
  std::string text = base64url_encode(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url_encode(claims.dump());
  const Key key = read_key(private_key_pem, false);
  const Digest digest(EVP_MD_CTX_new());
  if (!key || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) return {};
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  if (EVP_DigestSign(digest.get(), nullptr, &size, data, text.size()) != 1) return {};
  std::string signature(size, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, text.size()) != 1) {
    return {};
  }
  signature.resize(size);
  return text + "." + base64url_encode(signature);
}

}  // namespace orgsim
