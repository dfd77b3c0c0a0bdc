#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/request.h"
#include "base/result.h"
#include "base/time.h"
#include "model/value.h"
#include "runtime/access.h"

namespace duet::api {

using runtime::Caller;
using runtime::Role;

struct Page {
  int limit = 100;          ///< 1 to 500
  std::int64_t before = 0;  ///< only entries with a smaller id; 0: from the newest
};

struct IssueQuery {
  std::string state;
  std::string object;
  std::string kind;
  std::string code;
  std::string field;
  std::string rule;
  std::string text;
  std::string sfid;
  std::optional<std::int64_t> record_id;
  std::vector<std::int64_t> ids;
  bool grouped = false;
  Page page;
};

struct JournalQuery {
  std::string object;
  std::string sfid;
  std::optional<std::int64_t> record_id;
  std::string field;
  std::string reason;
  TimeMs since = 0;
  Page page;
};

struct RecordQuery {
  std::string object;
  std::string id;  ///< Salesforce Id or number of the row
};

struct HistoryQuery {
  RecordQuery record;
  std::optional<TimeMs> at;
  int limit = 100;
};

struct AuditQuery {
  std::string actor;
  std::string action;
  TimeMs since = 0;
  Page page;
};

/// What a person wants to be done about an issue.
struct ActionRequest {
  std::string action;                         ///< retry | revert | resolve | ignore
  std::string use;                            ///< resolve: salesforce | postgres | base, or empty
  std::map<std::string, std::string> fields;  ///< resolve: the same per field
  std::map<std::string, std::string> set;     ///< resolve: a value per field, as JSON
  bool always = false;
};

struct BulkRequest {
  IssueQuery filter;
  ActionRequest action;
  bool dry_run = false;
  int limit = 1'000;
};

struct PreviewRequest {
  std::string object;
  std::string field;  ///< empty: all
  std::string policy;
  int last = 1'000;
};

/// What the API shows and does, as JSON texts. `connection` may be empty where there is only one. Thread safe.
/// Errors: see error_response().
class Backend {
 public:
  virtual ~Backend() = default;

  virtual Result<std::string> status(const std::string& connection) = 0;
  virtual Result<std::string> mappings(const std::string& connection) = 0;
  virtual Result<std::string> issues(const std::string& connection, const IssueQuery& query) = 0;
  virtual Result<std::string> issue(const std::string& connection, std::int64_t id) = 0;
  virtual Result<std::string> journal(const std::string& connection, const JournalQuery& query) = 0;
  virtual Result<std::string> record(const std::string& connection, const RecordQuery& query) = 0;
  virtual Result<std::string> history(const std::string& connection, const HistoryQuery& query) = 0;
  virtual Result<std::string> audit(const std::string& connection, const AuditQuery& query) = 0;
  virtual Result<std::string> webhooks(const std::string& connection) = 0;
  virtual Result<std::string> preview(const std::string& connection, const PreviewRequest& request) = 0;

  virtual Result<std::string> act(const std::string& connection, const Caller& caller, std::int64_t id,
                                  const ActionRequest& request) = 0;
  virtual Result<std::string> act_on_all(const std::string& connection, const Caller& caller,
                                         const BulkRequest& request) = 0;
  /// Brings the value of a journal entry back.
  virtual Result<std::string> revert_entry(const std::string& connection, const Caller& caller, std::int64_t id,
                                           bool force) = 0;
  virtual Result<void> set_paused(const std::string& connection, const Caller& caller, bool all, bool outbound) = 0;

  /// What happens from now on, as server-sent events. `store_down` when too many listen.
  virtual Result<std::shared_ptr<TextSource>> listen(const std::string& connection) = 0;

  /// Prometheus text exposition.
  virtual std::string metrics() = 0;
  /// An error says why requests should go elsewhere.
  virtual Result<void> ready() = 0;
};

/// Who may do what. Thread safe.
class Gate {
 public:
  virtual ~Gate() = default;

  virtual Result<std::optional<Caller>> of_token(const std::string& token) = 0;
  virtual Result<std::optional<Caller>> of_session(const std::string& cookie, bool seen) = 0;
  virtual Result<runtime::Login> login(const std::string& user, const std::string& password,
                                       const std::string& address) = 0;
  virtual Result<void> logout(const Caller& caller) = 0;
  virtual Result<void> change_password(const Caller& caller, const std::string& password,
                                       const std::string& new_password, const std::string& address) = 0;

  virtual Result<std::string> users() = 0;
  virtual Result<std::string> add_user(const Caller& caller, const runtime::UserWish& wish) = 0;
  virtual Result<std::string> change_user(const Caller& caller, const runtime::UserWish& wish) = 0;
  virtual Result<void> remove_user(const Caller& caller, const std::string& name) = 0;
  virtual Result<std::string> tokens() = 0;
  virtual Result<std::string> add_token(const Caller& caller, const std::string& name, const std::string& role,
                                        TimeMs expires_at) = 0;
  virtual Result<void> remove_token(const Caller& caller, std::int64_t id) = 0;
};

}  // namespace duet::api
