#include "salesforce/jwt.h"

#include <memory>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace duet::salesforce {
namespace {

struct KeyPair {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_RSA_gen(2048), &EVP_PKEY_free};

  std::string pem() const {
    std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }
};

std::string from_base64url(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  std::size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string bytes(text.size() / 4 * 3, '\0');
  EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()),
                  static_cast<int>(text.size()));
  bytes.resize(bytes.size() - padding);
  return bytes;
}

TEST(Jwt, is_signed_with_the_key_and_names_who_where_and_until_when) {
  KeyPair pair;
  auto token =
      make_login_assertion(pair.pem(), "client", "user@example.com", "https://login.salesforce.com", 1'000'000);
  ASSERT_TRUE(token) << describe(token.error());
  auto first = token->find('.'), second = token->rfind('.');
  EXPECT_EQ(from_base64url(token->substr(0, first)), R"({"alg":"RS256","typ":"JWT"})");
  EXPECT_EQ(from_base64url(token->substr(first + 1, second - first - 1)),
            R"({"aud":"https://login.salesforce.com","exp":1180,"iss":"client","sub":"user@example.com"})");

  std::string input = token->substr(0, second), signature = from_base64url(token->substr(second + 1));
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  ASSERT_EQ(EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair.key.get()), 1);
  EXPECT_EQ(EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                             reinterpret_cast<const unsigned char*>(input.data()), input.size()),
            1);
}

TEST(Jwt, says_what_is_wrong_with_a_key) {
  for (const char* pem : {"", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
    auto token = make_login_assertion(pem, "c", "u", "a", 0);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::config);
    EXPECT_NE(token.error().message.find("PEM"), std::string::npos);
  }
}

}  // namespace
}  // namespace duet::salesforce
