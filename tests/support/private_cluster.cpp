#include "support/private_cluster.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "support/sql_session.h"

namespace duet::test {
namespace {

constexpr auto kStartLimit = std::chrono::seconds(60);

std::filesystem::path server_programs() {
  for (int version = 20; version >= 13; --version) {
    const std::filesystem::path folder = fmt::format("/usr/lib/postgresql/{}/bin", version);
    if (std::filesystem::exists(folder / "postgres")) return folder;
  }
  throw std::runtime_error("no PostgreSQL server programs below /usr/lib/postgresql");
}

/// The user that the server runs as: PostgreSQL refuses to run as root.
const passwd* unprivileged_user() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  if (!user) user = getpwnam("nobody");
  if (!user) throw std::runtime_error("neither user postgres nor nobody exists");
  return user;
}

[[noreturn]] void become(const passwd* user, const std::vector<std::string>& command, const std::string& log) {
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  if (user && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

void run(const passwd* user, const std::vector<std::string>& command, const std::string& log) {
  const pid_t child = fork();
  if (child == 0) become(user, command, log);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(command.front() + " failed: " + text_of(log));
}

/// Lives until its parent closes the pipe or dies; then the server goes, and its folder.
[[noreturn]] void guard(const passwd* user, const std::vector<std::string>& command,
                        const std::filesystem::path& folder, int pipe_end) {
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  setsid();
  const pid_t server = fork();
  if (server == 0) {
    close(pipe_end);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    become(user, command, folder / "log");
  }
  // Whoever waits for our output to end must not wait for the server.
  const int null = open("/dev/null", O_RDWR);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, fd);
  char byte = 0;
  while (read(pipe_end, &byte, 1) < 0 && errno == EINTR) {
  }
  kill(server, SIGQUIT);
  waitpid(server, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  _exit(0);
}

}  // namespace

PrivateCluster::PrivateCluster() : PrivateCluster(Options{}) {}

PrivateCluster::PrivateCluster(Options options) {
  std::string name = (std::filesystem::temp_directory_path() / "duet-pg-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a temporary folder");
  folder_ = name;
  try {
    start(options);
  } catch (...) {
    if (guardian_pipe_ < 0) std::filesystem::remove_all(folder_);
    throw;
  }
}

void PrivateCluster::start(const Options& options) {
  const std::filesystem::path programs = server_programs();
  const passwd* user = unprivileged_user();
  if (user && chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("cannot give the folder away");
  const std::string data = folder_ / "data";
  run(user,
      {programs / "initdb", "-D", data, "-U", "duet", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
      folder_ / "log");

  std::vector<std::string> command = {programs / "postgres", "-D", data};
  for (const std::string& setting :
       {fmt::format("unix_socket_directories={}", folder_.string()), std::string("listen_addresses="),
        fmt::format("fsync={}", options.fsync), fmt::format("full_page_writes={}", options.fsync),
        fmt::format("max_connections={}", options.max_connections), std::string("shared_buffers=64MB"),
        std::string("max_wal_size=512MB"), std::string("log_min_messages=fatal")}) {
    command.insert(command.end(), {"-c", setting});
  }
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  guardian_ = fork();
  if (guardian_ == 0) {
    close(pipe_ends[1]);
    guard(user, command, folder_, pipe_ends[0]);
  }
  close(pipe_ends[0]);
  guardian_pipe_ = pipe_ends[1];

  const auto limit = std::chrono::steady_clock::now() + kStartLimit;
  while (PQping(url().c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > limit)
      throw std::runtime_error("the private PostgreSQL does not start: " + text_of(folder_ / "log"));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

PrivateCluster::~PrivateCluster() {
  if (guardian_pipe_ < 0) return;
  close(guardian_pipe_);
  waitpid(guardian_, nullptr, 0);
}

std::string PrivateCluster::url(const std::string& database) const {
  return fmt::format("host={} user=duet dbname={}", folder_.string(), database);
}

std::string PrivateCluster::create_database() {
  const std::string name = fmt::format("test_{}", ++databases_);
  SqlSession(url()).execute("CREATE DATABASE " + name);
  return url(name);
}

std::string PrivateCluster::clean_database() {
  if (scratch_.empty()) {
    scratch_ = create_database();
    return scratch_;
  }
  SqlSession session(scratch_);
  session.execute(
      "SET client_min_messages = error;"
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
      "pg_backend_pid();"
      "DROP EXTENSION IF EXISTS hstore CASCADE;"
      "DO $$ DECLARE name text; BEGIN FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname "
      "<> 'information_schema' "
      "LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP; END $$;"
      "CREATE SCHEMA public");
  return scratch_;
}

PrivateCluster& shared_cluster() {
  static PrivateCluster cluster;
  return cluster;
}

}  // namespace duet::test
