#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/opening.h"
#include "postgres/connection_store.h"
#include "postgres/migrations.h"
#include "postgres/synced_schema.h"
#include "runtime/org_access.h"
#include "runtime/prepare_connection.h"

namespace duet::cli {
namespace {

struct Attached {
  std::string connection;
  std::string org_id;
  std::vector<std::string> replaced;  ///< functions of Heroku Connect
  runtime::PreparedConnection prepared;
};

Result<Attached> attach(const GlobalOptions& global, const AttachOptions& options) {
  const Opened opened = DUET_TRY(open_connection(global));
  const runtime::ConnectionConfig& config = opened.connection;
  auto session = DUET_TRY(open_database(config));
  const runtime::OrgAccess access = DUET_TRY(runtime::OrgAccess::make(config.salesforce, {}));
  const auto org = access.make_org();
  Attached attached;
  attached.connection = config.name;
  attached.org_id = DUET_TRY(org->identity()).org_id;
  if (options.accept_database) {
    DUET_TRY(postgres::migrate(*session));
    postgres::ConnectionStore connections(*session);
    const int id = DUET_TRY(connections.open(config.name, config.postgres.schema));
    DUET_TRY(connections.accept(id, attached.org_id));
  }
  if (options.upgrade_triggers)
    attached.replaced = DUET_TRY(postgres::take_over_functions(*session, config.postgres.schema));
  attached.prepared = DUET_TRY(runtime::prepare_connection(config, *session, *org));
  return attached;
}

void print_json(const Attached& attached) {
  nlohmann::ordered_json out;
  out["connection"] = attached.connection;
  out["org_id"] = attached.org_id;
  out["heroku_connect_functions"] = attached.prepared.schema.adopted;
  out["replaced"] = attached.replaced;
  out["mappings"] = attached.prepared.connection.mappings.size();
  out["problems"] = nlohmann::ordered_json::array();
  for (const codec::MappingProblem& problem : attached.prepared.problems)
    out["problems"].push_back({{"path", problem.path}, {"message", problem.message}, {"advice", problem.advice}});
  fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_text(const Attached& attached) {
  fmt::print("{} is attached to this database and to the org {}; {} mappings.\n", attached.connection, attached.org_id,
             attached.prepared.connection.mappings.size());
  for (const std::string& function : attached.replaced) fmt::print("    replaced {}\n", printable(function));
  if (attached.prepared.schema.adopted) {
    fmt::print(
        "Heroku Connect's trigger functions stay, and ring at every write. `duet attach --upgrade-triggers` "
        "replaces them, once Heroku Connect no longer syncs this schema.\n");
  }
  for (const codec::MappingProblem& problem : attached.prepared.problems)
    fmt::print(stderr, "warning {}: {}\n        {}\n", printable(problem.path), printable(problem.message),
               printable(problem.advice));
}

}  // namespace

ExitCode run_attach(const GlobalOptions& global, const AttachOptions& options) {
  const Result<Attached> attached = attach(global, options);
  if (!attached) return report(attached.error(), global.json);
  if (global.json) {
    print_json(*attached);
  } else {
    print_text(*attached);
  }
  return attached->prepared.problems.empty() ? kDone : kFound;
}

}  // namespace duet::cli
