#include "runtime/import_mappings.h"

#include <algorithm>

#include "postgres/connection_store.h"
#include "postgres/mapping_store.h"
#include "postgres/migrations.h"
#include "postgres/synced_table.h"
#include "rules/formula_graph.h"

namespace duet::runtime {
namespace {

/// The mappings that there are; none before the first import.
Result<std::vector<Mapping>> existing_mappings(postgres::Session& session, const std::string& connection) {
  std::vector<Mapping> mappings;
  const postgres::Rows present = DUET_TRY(session.query("SELECT pg_catalog.to_regclass('duet.mapping') IS NOT NULL"));
  if (!present.boolean(0, 0)) return mappings;
  const postgres::Rows rows = DUET_TRY(session.query("SELECT id FROM duet.connection WHERE name = $1", {connection}));
  if (rows.empty()) return mappings;
  for (postgres::StoredMapping& stored :
       DUET_TRY(postgres::MappingStore(session, static_cast<int>(rows.integer(0, 0))).list())) {
    mappings.push_back(std::move(stored.mapping));
  }
  return mappings;
}

/// What the database would not take is a problem of the file as well: a table of another shape, a name that is too
/// long.
Result<void> add_table_plans(const ConnectionConfig& config, postgres::Session& session, ImportResult& result) {
  for (ImportedMapping& imported : result.mappings) {
    const Mapping& mapping = imported.planned.mapping;
    const Result<postgres::TablePlan> plan = postgres::plan_table(session, config.postgres.schema, mapping);
    if (!plan && plan.error().kind != ErrorKind::config) return std::unexpected(plan.error());
    if (!plan) {
      result.problems.push_back({true, mapping.object, plan.error().message, plan.error().detail});
      continue;
    }
    for (const postgres::TableStep& step : plan->steps) imported.steps.push_back(step.description);
    imported.notes = plan->notes;
    imported.loads = imported.planned.action == ImportAction::create || !imported.planned.added_fields.empty() ||
                     !plan->added_columns.empty();
  }
  return {};
}

/// Calculated columns that may be older than what the org shows, once the file's mappings stand beside the others.
void add_formula_notes(const std::vector<Mapping>& existing, ImportResult& result) {
  std::vector<Mapping> mappings;
  for (const ImportedMapping& imported : result.mappings) mappings.push_back(imported.planned.mapping);
  for (const Mapping& other : existing) {
    if (std::ranges::find(mappings, other.object, &Mapping::object) == mappings.end()) mappings.push_back(other);
  }
  const rules::FormulaGraph graph(mappings);
  for (const rules::FormulaNote& note : graph.notes()) {
    for (ImportedMapping& imported : result.mappings) {
      if (imported.planned.mapping.object == note.object) imported.notes.push_back(note.field + ": " + note.text);
    }
  }
}

Result<void> carry_out(const ConnectionConfig& config, postgres::Session& session, ImportResult& result) {
  DUET_TRY(postgres::migrate(session));
  postgres::ConnectionStore connections(session);
  const int id = DUET_TRY(connections.open(config.name, config.postgres.schema));
  DUET_TRY(connections.guard(id, result.org_id));
  const postgres::SyncedSchema schema = DUET_TRY(postgres::install_synced_schema(session, config.postgres.schema));
  postgres::MappingStore mappings(session, id);
  bool changed = false;
  for (ImportedMapping& imported : result.mappings) {
    Mapping& mapping = imported.planned.mapping;
    DUET_TRY(postgres::ensure_table(session, config.postgres.schema, schema, mapping));
    if (imported.planned.action == ImportAction::keep && !imported.loads) continue;
    changed = true;
    DUET_TRY(mappings.save(mapping));
    if (imported.loads) DUET_TRY(mappings.reset_load(mapping.object));
  }
  if (!changed) return {};
  const postgres::Rows now =
      DUET_TRY(session.query("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint"));
  return connections.set_setting(id, kMappingRevision, std::string(now.text(0, 0)));
}

}  // namespace

Result<ImportResult> import_mappings(const ConnectionConfig& config, postgres::Session& session, ports::Org& org,
                                     const codec::MappingFile& file, bool dry_run) {
  ImportResult result;
  result.org_id = DUET_TRY(org.identity()).org_id;
  const std::vector<Mapping> existing = DUET_TRY(existing_mappings(session, config.name));
  ImportPlan plan = DUET_TRY(plan_import(org, file, existing));
  result.problems = std::move(plan.problems);
  for (PlannedMapping& planned : plan.mappings) {
    ImportedMapping& imported = result.mappings.emplace_back();
    imported.planned = std::move(planned);
  }
  DUET_TRY(add_table_plans(config, session, result));
  add_formula_notes(existing, result);
  result.possible = std::ranges::none_of(result.problems, &codec::MappingProblem::fatal);
  if (result.possible && !dry_run) DUET_TRY(carry_out(config, session, result));
  return result;
}

}  // namespace duet::runtime
