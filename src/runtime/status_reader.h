#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "ports/clock.h"
#include "postgres/session.h"
#include "runtime/status.h"

namespace duet::runtime {

/// The part of a connection's status that the database knows: mappings, pending rows, lags, issues. Reads over a
/// session of its own and keeps the answer for a moment, so that many askers cost one query. Thread safe.
class StatusReader {
 public:
  StatusReader(std::string url, std::string schema, std::string connection, ports::Clock& clock);

  /// Fills org_id, paused and mappings. `store_down` when the database cannot be asked; `not_found` before the first
  /// import or serve.
  Result<ConnectionStatus> read();

 private:
  Result<ConnectionStatus> read_now();
  Result<void> read_mappings(int connection_id, ConnectionStatus& status);
  Result<void> count_rows(MappingStatus& mapping, long estimate);

  const std::string url_;
  const std::string schema_;
  const std::string connection_;
  ports::Clock& clock_;
  std::mutex mutex_;
  std::unique_ptr<postgres::Session> session_;
  std::optional<ConnectionStatus> last_;
  TimeMs read_at_ = 0;  ///< monotonic
};

}  // namespace duet::runtime
