#include "runtime/secrets.h"

#include <array>
#include <cstdlib>

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "codec/hex_text.h"

namespace duet::runtime {
namespace {

constexpr std::uint32_t kPasses = 3;
constexpr std::uint32_t kMemoryKib = 64 * 1024;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

template <std::size_t Size>
std::array<unsigned char, Size> random_bytes() {
  std::array<unsigned char, Size> bytes{};
  // A machine without randomness can keep no secret.
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
  return bytes;
}

std::string_view view(const unsigned char* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

std::string random_secret() {
  const auto bytes = random_bytes<32>();
  return codec::to_hex(view(bytes.data(), bytes.size()));
}

std::string sha256_hex(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return codec::to_hex(view(digest, sizeof(digest)));
}

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return codec::to_hex(view(digest, size));
}

bool equal_secrets(std::string_view a, std::string_view b) {
  const std::string left = sha256_hex(a);
  const std::string right = sha256_hex(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string hash_password(const std::string& password) {
  const auto salt = random_bytes<kSaltBytes>();
  std::string text(argon2_encodedlen(kPasses, kMemoryKib, kLanes, kSaltBytes, kHashBytes, Argon2_id), '\0');
  const int result = argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(), salt.data(),
                                           salt.size(), kHashBytes, text.data(), text.size());
  if (result != ARGON2_OK) std::abort();
  text.resize(text.find('\0'));
  return text;
}

bool verify_password(const std::string& hash, const std::string& password) {
  static const std::string nobody = hash_password(random_secret());
  const std::string& against = hash.empty() ? nobody : hash;
  return argon2id_verify(against.c_str(), password.data(), password.size()) == ARGON2_OK && !hash.empty();
}

}  // namespace duet::runtime
