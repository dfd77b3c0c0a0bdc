#include "runtime/api_token.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runtime/system_ports.h"

namespace duet::runtime {
namespace {

class ApiTokenTest : public ::testing::Test {
 protected:
  ApiTokenTest() : directory_(std::filesystem::path(::testing::TempDir()) / fmt::format("duet_token_{}", ::getpid())) {
    std::filesystem::create_directories(directory_);
    config_.file = (directory_ / "duet.toml").string();
  }
  ~ApiTokenTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
  Config config_;
  SystemRandom random_;
};

TEST_F(ApiTokenTest, IsMadeOnceForItsOwnerAlone) {
  EXPECT_EQ(find_api_token(config_).value(), "");
  const std::string token = ensure_api_token(config_, random_).value();
  EXPECT_EQ(token.size(), 64U);
  EXPECT_EQ(ensure_api_token(config_, random_).value(), token);
  EXPECT_EQ(find_api_token(config_).value(), token);
  struct stat info{};
  ASSERT_EQ(::stat(api_token_file(config_).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(ApiTokenTest, TheConfigurationComesFirst) {
  config_.server.token = "from the configuration";
  EXPECT_EQ(ensure_api_token(config_, random_).value(), "from the configuration");
  EXPECT_FALSE(std::filesystem::exists(api_token_file(config_)));
}

TEST_F(ApiTokenTest, AnEmptyFileIsNoToken) {
  std::ofstream(api_token_file(config_)) << "";
  EXPECT_FALSE(ensure_api_token(config_, random_));
}

}  // namespace
}  // namespace duet::runtime
