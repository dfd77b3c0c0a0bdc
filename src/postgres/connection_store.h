#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "postgres/session.h"

namespace duet::postgres {

/// Which database this is; a copy of it differs in one of them.
struct DatabaseIdentity {
  std::int64_t system_identifier = 0;
  std::int64_t database_oid = 0;
  std::int64_t timeline = 0;

  bool operator==(const DatabaseIdentity&) const = default;
};

Result<DatabaseIdentity> database_identity(Session& session);

struct PauseFlags {
  bool all = false;
  bool outbound = false;
};

/// Connections of this database and what is set for each (duet.connection, duet.setting). One thread at a time.
class ConnectionStore {
 public:
  explicit ConnectionStore(Session& session) : session_(session) {}

  /// The id of the connection; created at the first call. `config` when the name or the schema belongs to another
  /// connection.
  Result<int> open(const std::string& name, const std::string& schema);

  /// The clone guard (design §6): pins database and org at the first call; later `config`, with the choice, when one of
  /// them is another. Call it before anything is sent.
  Result<void> guard(int connection_id, const std::string& org_id);

  /// The choice "this database has replaced the old one": pins what is there now. For `duet attach --accept-database`.
  Result<void> accept(int connection_id, const std::string& org_id);

  Result<PauseFlags> paused(int connection_id);
  Result<void> set_paused(int connection_id, const PauseFlags& flags);

  Result<std::optional<std::string>> setting(int connection_id, const std::string& name);
  Result<void> set_setting(int connection_id, const std::string& name, const std::string& value);

 private:
  Session& session_;
};

}  // namespace duet::postgres
