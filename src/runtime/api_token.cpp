#include "runtime/api_token.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

namespace duet::runtime {
namespace {

constexpr std::size_t kMaxTokenBytes = 4'096;

std::unexpected<Error> unusable(const std::string& file, const char* what) {
  return fail(ErrorKind::config, fmt::format("{} cannot be {}", file, what), {},
              "set server.token in duet.toml, or correct the rights of the file");
}

}  // namespace

std::string api_token_file(const Config& config) {
  return (std::filesystem::path(config.file).parent_path() / "duet.token").string();
}

Result<std::string> find_api_token(const Config& config) {
  if (!config.server.token.empty()) return config.server.token;
  const std::string file = api_token_file(config);
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return std::string();
    return unusable(file, "read");
  }
  std::string token(kMaxTokenBytes, '\0');
  const ssize_t size = ::read(descriptor, token.data(), token.size());
  ::close(descriptor);
  if (size < 0) return unusable(file, "read");
  token.resize(static_cast<std::size_t>(size));
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  return token;
}

Result<std::string> ensure_api_token(const Config& config, ports::Random& random) {
  std::string token = DUET_TRY(find_api_token(config));
  if (!token.empty()) return token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:016x}", random.next());
  const std::string file = api_token_file(config);
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return unusable(file, "written");
  const std::string line = token + "\n";
  const bool written = ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(descriptor);
  if (!written) return unusable(file, "written");
  return token;
}

}  // namespace duet::runtime
