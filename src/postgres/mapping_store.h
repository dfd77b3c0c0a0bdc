#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"
#include "ports/store.h"
#include "postgres/session.h"

namespace duet::postgres {

struct StoredMapping {
  Mapping mapping;
  ports::LoadProgress load;
  std::optional<ports::RangeDirty> range_dirty;
};

/// The mapping configuration of one connection (duet.mapping). One thread at a time.
class MappingStore {
 public:
  MappingStore(Session& session, int connection_id) : session_(session), connection_id_(connection_id) {}

  /// Adds a mapping, or replaces the one of the same object: state and id stay. Sets `mapping.id`.
  Result<void> save(Mapping& mapping);
  /// All, by object name.
  Result<std::vector<StoredMapping>> list();
  Result<std::optional<StoredMapping>> find(const std::string& object);
  /// Forgets mapping, lanes and spool. The table stays, with its triggers.
  Result<void> remove(const std::string& object);
  /// Asks for a load: the running engine or the next start fills the table again.
  Result<void> reset_load(const std::string& object);

 private:
  Result<std::vector<StoredMapping>> read(const Rows& rows);

  Session& session_;
  int connection_id_;
};

/// `created`, `loading`, `loaded`: as duet.mapping spells it.
std::string_view name_of(ports::MappingState state);
std::optional<ports::MappingState> mapping_state_from_name(std::string_view name);

}  // namespace duet::postgres
