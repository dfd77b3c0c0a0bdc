#include <algorithm>

#include <fmt/format.h>

#include "codec/mapping_file_resolve.h"
#include "postgres/connection_store.h"
#include "postgres/mapping_store.h"
#include "postgres/synced_table.h"
#include "rules/formula_graph.h"
#include "runtime/doctor.h"
#include "runtime/import_plan.h"
#include "runtime/serve_lock.h"

namespace duet::runtime {
namespace {

/// The id of the connection, once the database knows it.
Result<std::optional<int>> known_connection(postgres::Session& session, const std::string& name, bool& pinned) {
  const postgres::Rows present =
      DUET_TRY(session.query("SELECT pg_catalog.to_regclass('duet.connection') IS NOT NULL"));
  if (!present.boolean(0, 0)) return std::nullopt;
  const postgres::Rows rows =
      DUET_TRY(session.query("SELECT id, org_id IS NOT NULL FROM duet.connection WHERE name = $1", {name}));
  if (rows.empty()) return std::nullopt;
  pinned = rows.boolean(0, 1);
  return static_cast<int>(rows.integer(0, 0));
}

void examine_guard(postgres::Session& session, ports::Org* org, int id, bool pinned, Findings& findings) {
  if (!org || !pinned) return;
  const auto identity = org->identity();
  if (!identity) return;
  if (const auto guarded = postgres::ConnectionStore(session).guard(id, identity->org_id); !guarded) {
    findings.error("database.identity", guarded.error());
  } else {
    findings.ok("database.identity", "database and org are those that were connected first");
  }
}

void examine_triggers(postgres::Session& session, const std::string& schema, const Mapping& mapping,
                      Findings& findings) {
  const auto rows = session.query(
      "SELECT g.tgname, g.tgenabled FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND NOT "
      "g.tgisinternal "
      "AND (g.tgname LIKE '%\\_logtrigger' OR g.tgname LIKE '%\\_status\\_trigger')",
      {schema, mapping.table});
  if (!rows) {
    findings.error("mapping.triggers", rows.error());
    return;
  }
  bool disabled = false;
  for (std::size_t i = 0; i < rows->size(); ++i) disabled |= rows->text(i, 1) == "D";
  if (rows->size() < 2) {
    findings.error("mapping.triggers",
                   fmt::format("the table {} lacks the triggers that capture changes", mapping.table),
                   "run: duet import FILE again, it installs them");
  } else if (disabled) {
    findings.error(
        "mapping.triggers",
        fmt::format("a capture trigger of the table {} is disabled: changes of apps are lost", mapping.table),
        fmt::format("ALTER TABLE {}.{} ENABLE TRIGGER USER", session.identifier(schema),
                    session.identifier(mapping.table)));
  } else {
    findings.ok("mapping.triggers", "changes of apps are captured");
  }
}

void examine_table(postgres::Session& session, const std::string& schema, const Mapping& mapping, Findings& findings) {
  const auto plan = postgres::plan_table(session, schema, mapping);
  if (!plan) {
    findings.error("mapping.table", plan.error());
    return;
  }
  for (const std::string& note : plan->notes)
    findings.warn("mapping.table", note, "alter the column, or live with what does not fit becoming an issue");
  if (!plan->exists) {
    findings.error("mapping.table", fmt::format("the table {} is gone", mapping.table),
                   "run: duet import FILE again, it is created and loaded");
    return;
  }
  findings.ok("mapping.table", plan->steps.empty() ? fmt::format("the table {} fits", mapping.table)
                                                   : fmt::format("the table {} will get {} more steps at the start",
                                                                 mapping.table, plan->steps.size()));
  examine_triggers(session, schema, mapping, findings);
}

/// Guarantee G2 in a sentence (design §2).
void examine_creates(const Mapping& mapping, const ObjectSchema& schema, Findings& findings) {
  if (mapping.access != Access::read_write || !schema.createable || mapping.upsert_field.empty()) return;
  const FieldSchema* field = schema.find(mapping.upsert_field);
  if (field && codec::can_hold_minted_key(*field)) {
    findings.ok("mapping.creates",
                fmt::format("rows get a key in {} before they are sent: a create cannot leave a duplicate",
                            mapping.upsert_field));
  }
}

/// The mapping as the org of today has it; nothing when it does not fit.
std::optional<Mapping> examine_against_org(ports::Org& org, const Mapping& stored,
                                           const std::vector<ports::ObjectSummary>& objects, Findings& findings) {
  codec::FileMapping wanted = codec::to_file_mapping(stored);
  wanted.path = stored.object;
  std::vector<codec::MappingProblem> problems;
  const auto mapping = resolve_against_org(org, wanted, objects, problems);
  if (!mapping) {
    findings.error("mapping.org", mapping.error());
    return std::nullopt;
  }
  for (const codec::MappingProblem& problem : problems) {
    if (problem.fatal) {
      findings.error("mapping.org", problem.message, problem.advice);
    } else {
      findings.warn("mapping.org", problem.message, problem.advice);
    }
  }
  if (problems.empty()) findings.ok("mapping.org", "object, fields and permissions are as the mapping needs them");
  if (!*mapping) return std::nullopt;
  if ((*mapping)->source == stored.source) {
    findings.ok("mapping.source", stored.source_reason);
  } else if (stored.source == InboundSource::events) {
    findings.error(
        "mapping.source",
        fmt::format("{} had change events and has none any more: changes in Salesforce are not seen", stored.object),
        "select it in Setup > Change Data Capture, or import the mapping again to have it polled");
  } else {
    findings.warn("mapping.source", fmt::format("{} has change events now, and is still polled", stored.object),
                  "import the mapping again to follow them");
  }
  if (const auto schema = org.describe((*mapping)->object)) examine_creates(**mapping, *schema, findings);
  return *mapping;
}

/// Calculated columns that may be older than what the org shows.
void examine_formulas(const std::vector<Mapping>& mappings, Findings& findings) {
  const rules::FormulaGraph graph(mappings);
  for (const rules::FormulaNote& note : graph.notes()) {
    findings.about(note.object);
    findings.warn("mapping.formulas", fmt::format("{}: {}", note.field, note.text), rules::kFormulaAdvice);
  }
}

}  // namespace

void examine_mappings(postgres::Session& session, ports::Org* org, const ConnectionConfig& config, Findings& findings) {
  bool pinned = false;
  const auto id = known_connection(session, config.name, pinned);
  if (!id) {
    findings.error("mapping.list", id.error());
    return;
  }
  if (!*id) {
    findings.ok("mapping.list", "nothing is imported yet");
    return;
  }
  examine_guard(session, org, **id, pinned, findings);
  if (const auto runs = serve_runs(session, **id); runs)
    findings.ok("serve.runs", *runs ? "`duet serve` runs" : "`duet serve` does not run");
  const auto stored = postgres::MappingStore(session, **id).list();
  if (!stored) {
    findings.error("mapping.list", stored.error());
    return;
  }
  const auto objects = org ? org->list_objects() : fail(ErrorKind::cancelled, "");
  std::vector<Mapping> resolved;
  for (const postgres::StoredMapping& each : *stored) {
    findings.about(each.mapping.object);
    if (objects) {
      if (auto mapping = examine_against_org(*org, each.mapping, *objects, findings))
        resolved.push_back(std::move(*mapping));
    }
    examine_table(session, config.postgres.schema, each.mapping, findings);
  }
  examine_formulas(resolved, findings);
}

}  // namespace duet::runtime
