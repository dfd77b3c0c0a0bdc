#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace duet::api {

struct Page {
  int limit = 100;          ///< 1 to 500
  std::int64_t before = 0;  ///< only entries with a smaller id; 0: from the newest
};

struct IssueQuery {
  std::string state;
  std::string object;
  std::string kind;
  Page page;
};

struct JournalQuery {
  std::string object;
  std::string sfid;
  Page page;
};

/// What the API shows, as JSON texts. `connection` may be empty where there is only one. Thread safe.
/// Errors: `not_found`, `config` and `bad_data` are the caller's, `store_down` passes, everything else is ours.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual Result<std::string> status(const std::string& connection) = 0;
  virtual Result<std::string> mappings(const std::string& connection) = 0;
  virtual Result<std::string> issues(const std::string& connection, const IssueQuery& query) = 0;
  virtual Result<std::string> issue(const std::string& connection, std::int64_t id) = 0;
  virtual Result<std::string> journal(const std::string& connection, const JournalQuery& query) = 0;
  /// Prometheus text exposition.
  virtual std::string metrics() = 0;
  /// An error says why requests should go elsewhere.
  virtual Result<void> ready() = 0;
};

}  // namespace duet::api
