#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "runtime/config.h"
#include "runtime/connection_runner.h"
#include "runtime/status.h"
#include "runtime/status_reader.h"

namespace duet::runtime {

/// The composition root: all connections of a configuration, running from start() to destruction. Thread safe.
class App {
 public:
  App(Config config, std::string version, ports::Clock& clock, ports::Random& random);
  ~App();

  /// Starts all connections. Once.
  void start();

  const Config& config() const { return config_; }

  /// What runs here, met with what the database knows; a database that cannot be asked leaves its part out. `config`
  /// for an unknown name.
  Result<AppStatus> status(const std::string& connection);
  /// The status of the connection with that name, or of the only one.
  Result<ConnectionStatus> connection_status(const std::string& name);
  /// An error names the first connection that does not run.
  Result<void> ready() const;

  /// Lets every worker end its step, at most `limit_ms`; then ends calls that still run. False when some did not end in
  /// time.
  bool drain(TimeMs limit_ms);

 private:
  struct Part;

  ConnectionStatus status_of(Part& part);
  bool wait_for_end(TimeMs limit_ms) const;

  const Config config_;
  const std::string version_;
  ports::Clock& clock_;
  TimeMs started_at_ = 0;
  std::vector<std::unique_ptr<Part>> parts_;
};

/// Live status and stored status of one connection as one; `stored` is an error when the database cannot be asked.
ConnectionStatus merge_status(ConnectionStatus live, const Result<ConnectionStatus>& stored);

}  // namespace duet::runtime
