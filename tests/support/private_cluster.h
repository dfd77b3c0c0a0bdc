#pragma once

#include <filesystem>
#include <string>

namespace duet::test {

/// A PostgreSQL of our own: in a new temporary folder, on a Unix socket only, without fsync. As root it runs as an
/// unprivileged user. A guardian process stops the server and removes the folder when this process ends, however it
/// ends.
class PrivateCluster {
 public:
  struct Options {
    bool fsync = false;
    int max_connections = 60;
  };

  PrivateCluster();
  /// Throws std::runtime_error with what initdb or the server said when it does not come up.
  explicit PrivateCluster(Options options);
  ~PrivateCluster();
  PrivateCluster(const PrivateCluster&) = delete;
  PrivateCluster& operator=(const PrivateCluster&) = delete;

  /// A connection URL for a database of the cluster. The user is a superuser.
  std::string url(const std::string& database = "postgres") const;
  /// Creates an empty database with a name of its own, and returns its URL. Takes a second on a busy machine.
  std::string create_database();
  /// One database for tests that follow each other: emptied at every call, down to schemas and extensions. Ends its
  /// other sessions.
  std::string clean_database();

  const std::filesystem::path& folder() const { return folder_; }

 private:
  void start(const Options& options);

  std::filesystem::path folder_;
  int guardian_pipe_ = -1;
  int guardian_ = -1;
  int databases_ = 0;
  std::string scratch_;
};

/// The cluster of this test program, started at the first call.
PrivateCluster& shared_cluster();

}  // namespace duet::test
