#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <functional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace {

using duet::cli::ExitCode;
using duet::cli::GlobalOptions;

/// Memory holds secrets and records: no core dumps, no other process of the user may look in (spec/reliability.md §4).
void protect_memory() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void add_global_options(CLI::App& app, GlobalOptions& global) {
  app.add_option("-c,--config", global.config_file, "configuration file")->capture_default_str();
  app.add_option("--connection", global.connection, "name of the connection, where there are several");
  app.add_flag("--json", global.json, "print JSON");
}

/// Everything that the commands' options are parsed into.
struct Options {
  GlobalOptions global;
  duet::cli::AttachOptions attach;
  duet::cli::ImportOptions import;
  duet::cli::IssueOptions issues;
  duet::cli::JournalOptions journal;
  std::string doctor_file;
  bool create_keys = false;
  std::string plan_file;
  std::string export_file;
  bool outbound_only = false;
};

class CommandLine {
 public:
  CommandLine() : app_("Keeps Salesforce objects and PostgreSQL tables the same, both ways.") {
    app_.require_subcommand(1);
    add_global_options(app_, options_.global);
    options_.global.version = DUET_VERSION;
    add_engine_commands();
    add_mapping_commands();
    add_issue_commands();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? duet::cli::kDone : duet::cli::kUsage;
    }
    return selected_();
  }

 private:
  CLI::App* add(const std::string& name, const std::string& what, std::function<ExitCode()> run) {
    CLI::App* command = app_.add_subcommand(name, what);
    add_global_options(*command, options_.global);
    command->callback([this, run = std::move(run)] { selected_ = run; });
    return command;
  }

  void add_engine_commands() {
    add("serve", "sync until stopped", [this] { return run_serve(options_.global); });
    CLI::App* doctor =
        add("doctor", "check configuration, credentials, permissions and database before anything is synced",
            [this] { return run_doctor(options_.global, options_.doctor_file, options_.create_keys); });
    doctor->add_option("FILE", options_.doctor_file, "a mapping file to check as well");
    doctor->add_flag(
        "--create-keys", options_.create_keys,
        "create a unique external id field, Duet_Id__c, in the org for each mapping that writes and has no "
        "upsert field (of FILE, or of what is imported)");
    add("status", "show connections, mappings, lags and workers", [this] { return run_status(options_.global); });
    CLI::App* attach = add("attach", "pin this database and org to the connection, and take over what is there",
                           [this] { return run_attach(options_.global, options_.attach); });
    attach->add_flag("--accept-database", options_.attach.accept_database,
                     "this database has replaced the one that was pinned (restore, fail-over)");
    attach->add_flag("--upgrade-triggers", options_.attach.upgrade_triggers,
                     "replace Heroku Connect's trigger functions; Heroku Connect must no longer sync this schema");
    CLI::App* pause = add("pause", "stop syncing until resumed",
                          [this] { return run_pause(options_.global, options_.outbound_only); });
    pause->add_flag("--outbound", options_.outbound_only, "only stop writing to Salesforce");
    add("resume", "go on after a pause", [this] { return run_resume(options_.global); });
    add("version", "print the version", [this] { return run_version(options_.global); });
  }

  void add_mapping_commands() {
    CLI::App* import = add("import", "create or change mappings from a Heroku Connect export file",
                           [this] { return run_import(options_.global, options_.import); });
    import->add_option("FILE", options_.import.file, "mapping file")->required();
    import->add_flag("--wait", options_.import.wait,
                     "show progress until all tables are loaded; `duet serve` must run");
    CLI::App* plan = add("plan", "show what an import would do, and change nothing",
                         [this] { return run_plan(options_.global, options_.plan_file); });
    plan->add_option("FILE", options_.plan_file, "mapping file")->required();
    CLI::App* export_command = add("export", "write the mappings as a Heroku Connect export file",
                                   [this] { return run_export(options_.global, options_.export_file); });
    export_command->add_option("FILE", options_.export_file, "file to write; standard output without it");
  }

  void add_issue_commands() {
    CLI::App* issues =
        add("issues", "list what needs a person", [this] { return run_issues(options_.global, options_.issues); });
    add_issue_filters(*issues);
    CLI::App* list = issues->add_subcommand("list", "list issues");
    add_global_options(*list, options_.global);
    add_issue_filters(*list);
    CLI::App* show = issues->add_subcommand("show", "show one issue with both values");
    add_global_options(*show, options_.global);
    show->add_option("ID", options_.issues.id, "number of the issue")->required()->check(CLI::PositiveNumber);
    CLI::App* journal = add("journal", "list values that lost, were rejected or reverted",
                            [this] { return run_journal(options_.global, options_.journal); });
    journal->add_option("--object", options_.journal.object, "only of this object");
    journal->add_option("--sfid", options_.journal.sfid, "only of the record with this Id");
    journal->add_option("--limit", options_.journal.limit, "how many")
        ->check(CLI::Range(1, 500))
        ->capture_default_str();
    journal->add_option("--before", options_.journal.before, "only entries before this one");
  }

  void add_issue_filters(CLI::App& command) {
    command
        .add_option("--state", options_.issues.state, "open, decided, resolved, reverted, superseded, ignored or all")
        ->capture_default_str();
    command.add_option("--object", options_.issues.object, "only of this object");
    command.add_option("--kind", options_.issues.kind, "conflict, rejected, unknown, schema, breaker or unreadable");
    command.add_option("--limit", options_.issues.limit, "how many")->check(CLI::Range(1, 500))->capture_default_str();
    command.add_option("--before", options_.issues.before, "only issues before this one");
  }

  CLI::App app_;
  Options options_;
  std::function<ExitCode()> selected_;
};

}  // namespace

int main(int argc, char** argv) {
  protect_memory();
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return CommandLine().run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "duet: {}\n", error.what());
    return duet::cli::kFound;
  }
}
