#include <fmt/format.h>

#include "cli/opening.h"
#include "postgres/connection_store.h"

namespace duet::cli {
namespace {

Result<void> set_paused(const GlobalOptions& global, const postgres::PauseFlags& flags) {
  const Opened opened = DUET_TRY(open_connection(global));
  auto session = DUET_TRY(open_database(opened.connection));
  const int id = DUET_TRY(find_connection(*session, opened.connection.name));
  return postgres::ConnectionStore(*session).set_paused(id, flags);
}

ExitCode finish(const GlobalOptions& global, const Result<void>& result, std::string_view paused,
                std::string_view sentence) {
  if (!result) return report(result.error(), global.json);
  if (global.json) {
    fmt::print("{{\"paused\": \"{}\"}}\n", paused);
  } else {
    fmt::print("{}\n", sentence);
  }
  return kDone;
}

}  // namespace

ExitCode run_pause(const GlobalOptions& global, bool outbound_only) {
  if (outbound_only) {
    return finish(global, set_paused(global, {false, true}), "outbound",
                  "Nothing is written to Salesforce from now on; changes in Postgres wait. `duet resume` goes on.");
  }
  return finish(global, set_paused(global, {true, false}), "all",
                "Nothing is synced from now on; changes on both sides wait. `duet resume` goes on.");
}

ExitCode run_resume(const GlobalOptions& global) {
  return finish(global, set_paused(global, {false, false}), "none", "Syncing goes on.");
}

}  // namespace duet::cli
