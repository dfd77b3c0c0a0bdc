#include "runtime/prepare_connection.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/logging.h"
#include "postgres/connection_store.h"
#include "postgres/mapping_store.h"
#include "postgres/migrations.h"
#include "postgres/synced_table.h"
#include "rules/formula_graph.h"
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

/// Children are found by the references on which formulas depend: each gets an index. What cannot be had is done
/// without, more slowly.
Result<void> index_formula_references(const ConnectionConfig& config, postgres::Session& session,
                                      const postgres::SyncedSchema& schema, std::vector<Mapping>& mappings) {
  std::vector<rules::FormulaLink> links;
  const rules::FormulaGraph graph(mappings);
  for (const Mapping& mapping : mappings) {
    const rules::FormulaEffects* effects = graph.effects_of(mapping);
    if (!effects) continue;
    for (const rules::FormulaDependent& dependent : effects->dependents)
      links.insert(links.end(), dependent.path.begin(), dependent.path.end());
  }
  for (Mapping& mapping : mappings) {
    bool more = false;
    for (const rules::FormulaLink& link : links) {
      if (link.mapping != &mapping) continue;
      const bool wanted = std::ranges::any_of(
          mapping.indexes, [&](const MappedIndex& index) { return equals_ignoring_case(index.field, link.reference); });
      if (!wanted) mapping.indexes.push_back({link.reference, false});
      more |= !wanted;
    }
    if (!more) continue;
    auto table = postgres::ensure_table(session, config.postgres.schema, schema, mapping);
    if (table) continue;
    if (!concerns_table(table.error().kind)) return std::unexpected(table.error());
    log_error(LogLevel::warn, "the references that formulas depend on have no index", table.error(),
              {{"object", mapping.object}});
  }
  return {};
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
  DUET_TRY(index_formula_references(config, session, prepared.schema, prepared.connection.mappings));
  return prepared;
}

}  // namespace duet::runtime
