#include "runtime/prepare_connection.h"

#include <algorithm>

#include <fmt/format.h>

#include "postgres/connection_store.h"
#include "postgres/mapping_store.h"
#include "postgres/migrations.h"
#include "postgres/synced_table.h"
#include "runtime/import_plan.h"

namespace duet::runtime {
namespace {

using codec::FileMapping;
using codec::MappingProblem;

constexpr std::string_view kFieldPath = ".config.fields.";

/// Takes the fields that fatal problems speak of out of the file's mapping; false when a problem is about something
/// else.
bool leave_out(FileMapping& wanted, const std::vector<MappingProblem>& problems) {
  for (const MappingProblem& problem : problems) {
    if (!problem.fatal) continue;
    const auto at = problem.path.find(kFieldPath);
    if (at == std::string::npos) return false;
    const std::string field = problem.path.substr(at + kFieldPath.size());
    if (std::erase_if(wanted.fields, [&](const codec::FileField& each) { return each.name == field; }) == 0)
      return false;
  }
  return true;
}

/// Says something about this table; the way to the database is fine.
bool concerns_table(ErrorKind kind) {
  return kind == ErrorKind::config || kind == ErrorKind::forbidden || kind == ErrorKind::store_constraint ||
         kind == ErrorKind::bad_data || kind == ErrorKind::row_locked;
}

}  // namespace

Result<std::optional<Mapping>> refresh_mapping(ports::Org& org, const Mapping& stored,
                                               const std::vector<ports::ObjectSummary>& objects,
                                               std::vector<MappingProblem>& problems) {
  FileMapping wanted = codec::to_file_mapping(stored);
  wanted.path = stored.object;
  std::vector<MappingProblem> found;
  std::optional<Mapping> mapping = DUET_TRY(resolve_against_org(org, wanted, objects, found));
  if (!mapping && leave_out(wanted, found)) {
    std::vector<MappingProblem> rest;
    mapping = DUET_TRY(resolve_against_org(org, wanted, objects, rest));
    if (!mapping) found.insert(found.end(), rest.begin(), rest.end());
  }
  std::erase_if(found, [](const MappingProblem& problem) { return !problem.fatal; });
  problems.insert(problems.end(), found.begin(), found.end());
  if (!mapping) return std::nullopt;
  mapping->id = stored.id;
  mapping->table = stored.table;
  // What was chosen at the import stays: workers of both sources keep positions of their own.
  mapping->source = stored.source;
  mapping->source_reason = stored.source_reason;
  return mapping;
}

Result<PreparedConnection> prepare_connection(const ConnectionConfig& config, postgres::Session& session,
                                              ports::Org& org) {
  DUET_TRY(postgres::migrate(session));
  PreparedConnection prepared;
  postgres::ConnectionStore connections(session);
  prepared.id = DUET_TRY(connections.open(config.name, config.postgres.schema));
  prepared.connection.name = config.name;
  prepared.connection.identity = DUET_TRY(org.identity());
  DUET_TRY(connections.guard(prepared.id, prepared.connection.identity.org_id));
  prepared.schema = DUET_TRY(postgres::install_synced_schema(session, config.postgres.schema));

  postgres::MappingStore mappings(session, prepared.id);
  const std::vector<postgres::StoredMapping> stored = DUET_TRY(mappings.list());
  if (stored.empty()) return prepared;
  const std::vector<ports::ObjectSummary> objects = DUET_TRY(org.list_objects());
  for (const postgres::StoredMapping& each : stored) {
    auto mapping = DUET_TRY(refresh_mapping(org, each.mapping, objects, prepared.problems));
    if (!mapping) {
      prepared.left_out.push_back(each.mapping);
      continue;
    }
    if (auto table = postgres::ensure_table(session, config.postgres.schema, prepared.schema, *mapping); !table) {
      if (!concerns_table(table.error().kind)) return std::unexpected(table.error());
      prepared.problems.push_back(
          {true, each.mapping.object,
           fmt::format("the table {} cannot be used: {}", mapping->table, table.error().message),
           table.error().detail});
      prepared.left_out.push_back(each.mapping);
      continue;
    }
    if (config.poll_seconds) mapping->polling_seconds = *config.poll_seconds;
    prepared.connection.mappings.push_back(std::move(*mapping));
  }
  return prepared;
}

}  // namespace duet::runtime
