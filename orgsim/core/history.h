#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "orgsim/core/change_event.h"
#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

struct FieldChange {
  std::string field;
  FieldType type = FieldType::string;
  Value before;
  Value after;
};

/// One committed version of a record. The stamps are changes like any other (LastModifiedDate, SystemModstamp,
/// IsDeleted).
struct RecordVersion {
  std::uint64_t commit_number = 0;
  std::int64_t commit_ms = 0;
  std::string transaction_key;
  std::string user_id;
  std::string client;
  std::string api;
  ChangeType type = ChangeType::create;
  bool purged = false;  ///< removed for good; type is then `remove`
  std::vector<FieldChange> fields;
};

/// {"commitNumber","commitTimestamp","transactionKey","user","client","api","changeType","fields":{name:{"old","new"}}};
/// values as REST shows them, changeType PURGE for a removal for good.
[[nodiscard]] nlohmann::json to_json(const RecordVersion& version);

}  // namespace orgsim
