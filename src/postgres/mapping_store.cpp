#include "postgres/mapping_store.h"

#include <fmt/format.h>

#include "postgres/mapping_json.h"

namespace duet::postgres {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, config, state, loaded_rows, range_dirty_since, range_dirty_reason FROM duet.mapping WHERE "
    "connection_id = $1::integer";

}  // namespace

std::string_view name_of(ports::MappingState state) {
  switch (state) {
    case ports::MappingState::created:
      return "created";
    case ports::MappingState::loading:
      return "loading";
    case ports::MappingState::loaded:
      return "loaded";
  }
  return "created";
}

std::optional<ports::MappingState> mapping_state_from_name(std::string_view name) {
  for (auto state : {ports::MappingState::created, ports::MappingState::loading, ports::MappingState::loaded}) {
    if (name == name_of(state)) return state;
  }
  return std::nullopt;
}

Result<void> MappingStore::save(Mapping& mapping) {
  const Rows rows =
      DUET_TRY(session_.query("INSERT INTO duet.mapping (connection_id, object, table_name, config, source, "
                              "source_reason) VALUES ($1::integer, $2, $3, $4::json, $5, $6) "
                              "ON CONFLICT (connection_id, object) DO UPDATE SET table_name = excluded.table_name, "
                              "config = excluded.config, source = excluded.source, "
                              "source_reason = excluded.source_reason, updated_at = now() RETURNING id",
                              {std::to_string(connection_id_), mapping.object, mapping.table, mapping_to_json(mapping),
                               mapping.source == InboundSource::events ? "events" : "poll", mapping.source_reason}));
  mapping.id = rows.integer(0, 0);
  return {};
}

Result<std::vector<StoredMapping>> MappingStore::read(const Rows& rows) {
  std::vector<StoredMapping> mappings;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    StoredMapping stored;
    stored.mapping = DUET_TRY(mapping_from_json(rows.text(i, 1)));
    stored.mapping.id = rows.integer(i, 0);
    stored.load.state = mapping_state_from_name(rows.text(i, 2)).value_or(ports::MappingState::created);
    stored.load.rows = rows.integer(i, 3);
    if (!rows.is_null(i, 4)) stored.range_dirty = ports::RangeDirty{rows.integer(i, 4), std::string(rows.text(i, 5))};
    mappings.push_back(std::move(stored));
  }
  return mappings;
}

Result<std::vector<StoredMapping>> MappingStore::list() {
  return read(DUET_TRY(session_.query(fmt::format("{} ORDER BY object", kSelect), {std::to_string(connection_id_)})));
}

Result<std::optional<StoredMapping>> MappingStore::find(const std::string& object) {
  auto found = DUET_TRY(read(DUET_TRY(session_.query(fmt::format("{} AND lower(object) = lower($2)", kSelect),
                                                     {std::to_string(connection_id_), object}))));
  if (found.empty()) return std::optional<StoredMapping>();
  return std::optional(std::move(found.front()));
}

Result<void> MappingStore::remove(const std::string& object) {
  DUET_TRY(session_.query("DELETE FROM duet.mapping WHERE connection_id = $1::integer AND object = $2",
                          {std::to_string(connection_id_), object}));
  return {};
}

Result<void> MappingStore::reset_load(const std::string& object) {
  DUET_TRY(
      session_.query("UPDATE duet.mapping SET state = 'created', loaded_rows = 0, updated_at = now() WHERE "
                     "connection_id = $1::integer AND object = $2",
                     {std::to_string(connection_id_), object}));
  return {};
}

}  // namespace duet::postgres
