#include "orgsim/server/jwt.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "orgsim/server/certificate_authority.h"

namespace orgsim {
namespace {

namespace fs = std::filesystem;

class JwtTest : public testing::Test {
 protected:
  JwtTest() {
    std::string pattern = (fs::temp_directory_path() / "orgsim-jwt-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    files_ = prepare_trust_files(directory_);
    std::stringstream text;
    text << std::ifstream(files_.jwt_key_file).rdbuf();
    key_ = text.str();
  }
  ~JwtTest() override { fs::remove_all(directory_); }

  fs::path directory_;
  TrustFiles files_;
  std::string key_;
};

TEST_F(JwtTest, ASignedAssertionGivesItsClaims) {
  const std::string assertion = sign_assertion({{"iss", "me"}, {"exp", 5}}, key_);
  const auto claims = verified_claims(assertion, files_.jwt_public_key);
  ASSERT_TRUE(claims.has_value());
  EXPECT_EQ((*claims)["iss"], "me");
}

TEST_F(JwtTest, AnythingChangedIsRefused) {
  const std::string assertion = sign_assertion({{"iss", "me"}}, key_);
  for (size_t i = 0; i < assertion.size(); i += 7) {
    std::string bad = assertion;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    // The last character of a base64 group may carry unused bits only.
    if (base64_decode(bad.substr(bad.rfind('.') + 1)) == base64_decode(assertion.substr(assertion.rfind('.') + 1)) &&
        bad.substr(0, bad.rfind('.')) == assertion.substr(0, assertion.rfind('.'))) {
      continue;
    }
    EXPECT_FALSE(verified_claims(bad, files_.jwt_public_key).has_value()) << i;
  }
  EXPECT_FALSE(verified_claims("", files_.jwt_public_key).has_value());
  EXPECT_FALSE(verified_claims("a.b", files_.jwt_public_key).has_value());
  EXPECT_FALSE(
      verified_claims(base64url_encode(R"({"alg":"none"})") + "." + base64url_encode("{}") + ".", files_.jwt_public_key)
          .has_value());
}

TEST_F(JwtTest, EveryCertificateThatIsMadeCanBeRead) {
  for (int i = 0; i < 100; ++i) {
    fs::remove(files_.ca_file);
    prepare_trust_files(directory_);
    for (const fs::path& path : {files_.ca_file, files_.server_certificate_file}) {
      FILE* file = std::fopen(path.c_str(), "rb");
      X509* certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
      std::fclose(file);
      ASSERT_NE(certificate, nullptr) << path << " of round " << i;
      X509_free(certificate);
    }
  }
}

TEST_F(JwtTest, TheFilesOfAnEarlierRunAreUsedAgain) {
  const TrustFiles again = prepare_trust_files(directory_);
  EXPECT_EQ(again.jwt_public_key, files_.jwt_public_key);
  EXPECT_EQ(fs::status(files_.jwt_key_file).permissions() & fs::perms::others_all, fs::perms::none);
}

TEST(Base64, RoundTripsAndRefusesForeignCharacters) {
  for (const std::string text : {"", "a", "ab", "abc", "\xff\xfe?>"}) {
    EXPECT_EQ(base64_decode(base64url_encode(text)), text);
  }
  EXPECT_EQ(base64_decode("/+8="), "\xff\xef");
  EXPECT_FALSE(base64_decode("a b").has_value());
}

}  // namespace
}  // namespace orgsim
