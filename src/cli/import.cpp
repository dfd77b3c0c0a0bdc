#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/load_progress.h"
#include "cli/opening.h"
#include "runtime/import_mappings.h"
#include "runtime/org_access.h"

namespace duet::cli {
namespace {

using Json = nlohmann::ordered_json;
using codec::MappingProblem;
using runtime::ImportedMapping;
using runtime::ImportResult;

std::string_view access_name(const Mapping& mapping) {
  return mapping.access == Access::read_write ? "read_write" : "read_only";
}
std::string_view source_name(const Mapping& mapping) {
  return mapping.source == InboundSource::events ? "events" : "poll";
}

Json to_json(const ImportedMapping& imported, std::optional<long> rows) {
  const Mapping& mapping = imported.planned.mapping;
  Json out;
  out["object"] = mapping.object;
  out["table"] = mapping.table;
  out["access"] = access_name(mapping);
  out["source"] = source_name(mapping);
  out["source_reason"] = mapping.source_reason;
  out["action"] = name_of(imported.planned.action);
  out["loads"] = imported.loads;
  out["rows"] = rows ? Json(*rows) : Json();
  out["added_fields"] = imported.planned.added_fields;
  out["removed_fields"] = imported.planned.removed_fields;
  out["steps"] = imported.steps;
  out["notes"] = imported.notes;
  return out;
}

void print_problems(const std::vector<MappingProblem>& problems) {
  for (const MappingProblem& problem : problems) {
    fmt::print(stderr, "{:7} {}: {}\n", problem.fatal ? "error" : "warning", printable(problem.path),
               printable(problem.message));
    if (!problem.advice.empty()) fmt::print(stderr, "        {}\n", printable(problem.advice));
  }
}

void print_mapping(const ImportedMapping& imported, const std::string& schema, std::optional<long> rows) {
  const Mapping& mapping = imported.planned.mapping;
  const std::string count = rows ? fmt::format(", {} rows", number_text(*rows)) : "";
  fmt::print("{} -> {}.{}: {}, {}{}\n", mapping.object, schema, mapping.table, name_of(imported.planned.action),
             access_name(mapping), count);
  fmt::print("    source: {} ({})\n", source_name(mapping), mapping.source_reason);
  for (const std::string& step : imported.steps) fmt::print("    {}\n", printable(step));
  for (const std::string& note : imported.notes) fmt::print("    note: {}\n", printable(note));
  if (imported.loads) fmt::print("    its rows are read from Salesforce\n");
}

/// What an import did, or would do, with what it took to find out.
struct Outcome {
  std::vector<MappingProblem> file_problems;
  ImportResult result;
  std::vector<std::optional<long>> rows;  ///< in the org, of a plan
  runtime::ConnectionConfig connection;

  bool possible() const { return result.possible; }
};

Result<Outcome> import_file(const GlobalOptions& global, const std::string& file, bool dry_run) {
  Outcome outcome;
  outcome.connection = DUET_TRY(open_connection(global)).connection;
  codec::ParsedMappingFile parsed = DUET_TRY(open_mapping_file(file));
  outcome.file_problems = std::move(parsed.problems);
  if (std::ranges::any_of(outcome.file_problems, &MappingProblem::fatal)) return outcome;
  auto session = DUET_TRY(open_database(outcome.connection));
  const runtime::OrgAccess access = DUET_TRY(runtime::OrgAccess::make(outcome.connection.salesforce, {}));
  const auto org = access.make_org();
  outcome.result = DUET_TRY(runtime::import_mappings(outcome.connection, *session, *org, parsed.file, dry_run));
  for (const ImportedMapping& imported : outcome.result.mappings) {
    const auto count = dry_run ? org->count(imported.planned.mapping) : fail(ErrorKind::cancelled, "");
    outcome.rows.push_back(count ? std::optional(*count) : std::nullopt);
  }
  return outcome;
}

void print_json(const Outcome& outcome, bool imported) {
  Json out;
  out["connection"] = outcome.connection.name;
  out["org_id"] = outcome.result.org_id;
  out["imported"] = imported && outcome.possible();
  out["mappings"] = Json::array();
  for (std::size_t i = 0; i < outcome.result.mappings.size(); ++i)
    out["mappings"].push_back(to_json(outcome.result.mappings[i], outcome.rows[i]));
  out["problems"] = Json::array();
  for (const auto* problems : {&outcome.file_problems, &outcome.result.problems}) {
    for (const MappingProblem& problem : *problems) {
      out["problems"].push_back(
          {{"fatal", problem.fatal}, {"path", problem.path}, {"message", problem.message}, {"advice", problem.advice}});
    }
  }
  fmt::print("{}\n", out.dump(2, ' ', false, Json::error_handler_t::replace));
}

void print_text(const Outcome& outcome, bool imported) {
  print_problems(outcome.file_problems);
  print_problems(outcome.result.problems);
  for (std::size_t i = 0; i < outcome.result.mappings.size(); ++i) {
    print_mapping(outcome.result.mappings[i], outcome.connection.postgres.schema, outcome.rows[i]);
  }
  if (!outcome.possible()) {
    fmt::print(stderr, "Nothing was changed: correct the errors above and import again.\n");
  } else if (imported) {
    fmt::print("Imported. A running `duet serve` takes it up within seconds.\n");
  } else {
    fmt::print("Nothing was changed. `duet import` does it.\n");
  }
}

}  // namespace

ExitCode run_import(const GlobalOptions& global, const ImportOptions& options) {
  const Result<Outcome> outcome = import_file(global, options.file, false);
  if (!outcome) return report(outcome.error(), global.json);
  if (global.json && !options.wait) print_json(*outcome, true);
  if (!global.json) print_text(*outcome, true);
  if (!outcome->possible()) {
    if (global.json && options.wait) print_json(*outcome, true);
    return kUsage;
  }
  if (!options.wait) return kDone;
  std::vector<std::string> objects;
  for (const ImportedMapping& imported : outcome->result.mappings) objects.push_back(imported.planned.mapping.object);
  const Result<void> loaded = wait_until_loaded(outcome->connection, objects, global.json);
  if (!loaded) return report(loaded.error(), global.json);
  if (global.json) print_json(*outcome, true);
  return kDone;
}

ExitCode run_plan(const GlobalOptions& global, const std::string& file) {
  const Result<Outcome> outcome = import_file(global, file, true);
  if (!outcome) return report(outcome.error(), global.json);
  if (global.json) {
    print_json(*outcome, false);
  } else {
    print_text(*outcome, false);
  }
  return outcome->possible() ? kDone : kUsage;
}

}  // namespace duet::cli
