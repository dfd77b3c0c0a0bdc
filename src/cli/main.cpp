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
  duet::cli::RecordOptions record;
  duet::cli::UserOptions user;
  duet::cli::TokenOptions token;
  duet::cli::AuditOptions audit;
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
    add_access_commands();
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
    CLI::App* issues = add("issues", "list what needs a person, and act on it",
                           [this] { return run_issues(options_.global, options_.issues); });
    add_issue_filters(*issues);
    add_list_options(*issues);
    CLI::App* list = add_below(*issues, "list", "list issues");
    add_issue_filters(*list);
    add_list_options(*list);
    CLI::App* show = add_below(*issues, "show", "show one issue with both values");
    show->add_option("ID", options_.issues.id, "number of the issue")->required()->check(CLI::PositiveNumber);
    add_issue_action(*issues, "retry", "send refused or parked writes again, as the rows are now");
    add_issue_action(*issues, "revert", "put losing values back, or take refused local values back");
    add_issue_action(*issues, "ignore", "close issues without writing");
    CLI::App* resolve = add_issue_action(*issues, "resolve", "choose what shall stand on both sides");
    resolve->add_option("--use", options_.issues.use, "salesforce, postgres or base, for every field")
        ->check(CLI::IsMember({"salesforce", "postgres", "base"}));
    resolve->add_option("--field-use", options_.issues.fields, "FIELD=salesforce, postgres or base");
    resolve->add_option("--set", options_.issues.sets, "FIELD=VALUE; nothing after = empties the field");
    resolve->add_flag("--always", options_.issues.always, "from now on decide these fields so: changes the mapping");

    CLI::App* journal = add("journal", "list values that lost, were rejected or reverted",
                            [this] { return run_journal(options_.global, options_.journal); });
    journal->add_option("--object", options_.journal.object, "only of this object");
    journal->add_option("--sfid", options_.journal.sfid, "only of the record with this Id");
    journal->add_option("--field", options_.journal.field, "only of this field");
    journal->add_option("--limit", options_.journal.limit, "how many")
        ->check(CLI::Range(1, 500))
        ->capture_default_str();
    journal->add_option("--before", options_.journal.before, "only entries before this one");
    CLI::App* revert = add_below(*journal, "revert", "bring the value of an entry back on both sides");
    revert->add_option("ID", options_.journal.revert, "number of the entry")->required()->check(CLI::PositiveNumber);
    revert->add_flag("--force", options_.journal.force, "also when the field holds another value by now");

    CLI::App* record = add("record", "show a record's timeline from both sides",
                           [this] { return run_record(options_.global, options_.record); });
    record->add_option("OBJECT", options_.record.object, "Account")->required();
    record->add_option("ID", options_.record.id, "Salesforce Id, or id of the row")->required();
    record->add_option("--at", options_.record.at, "also the record as it was then: 2026-01-31T10:00:00Z");
    record->add_option("--limit", options_.record.limit, "how many events")->check(CLI::Range(1, 500));
  }

  void add_access_commands() {
    CLI::App* user =
        add("user", "users of the dashboard and the API", [this] { return run_user(options_.global, options_.user); });
    user->require_subcommand(1);
    const auto add_user = [&](const char* name, const char* what) {
      CLI::App* command = add_below(*user, name, what);
      command->callback([this, name] { options_.user.action = name; });
      return command;
    };
    add_user("list", "list users");
    for (const auto& [name, what] :
         {std::pair{"add", "add a user; asks for the password, or reads it from standard input"},
          std::pair{"passwd", "set a user's password"}, std::pair{"role", "change what a user may do"},
          std::pair{"disable", "let a user no longer log in"}, std::pair{"enable", "let a user log in again"},
          std::pair{"remove", "remove a user"}}) {
      CLI::App* command = add_user(name, what);
      command->add_option("NAME", options_.user.name, "the user's name")->required();
      if (std::string_view(name) == "add" || std::string_view(name) == "role")
        command->add_option("--role", options_.user.role, "viewer, operator or admin")
            ->check(CLI::IsMember({"viewer", "operator", "admin"}))
            ->capture_default_str();
    }

    CLI::App* token = add("token", "tokens of programs that use the API",
                          [this] { return run_token(options_.global, options_.token); });
    token->require_subcommand(1);
    CLI::App* add_token = add_below(*token, "add", "make a token and show it this once");
    add_token->add_option("NAME", options_.token.name, "what it is for")->required();
    add_token->add_option("--role", options_.token.role, "viewer, operator or admin")
        ->check(CLI::IsMember({"viewer", "operator", "admin"}))
        ->capture_default_str();
    add_token->add_option("--days", options_.token.days, "how long it is good for; for ever without it")
        ->check(CLI::Range(1, 36'500));
    CLI::App* remove_token = add_below(*token, "remove", "revoke a token");
    remove_token->add_option("ID", options_.token.id, "number of the token")->required();
    CLI::App* list_tokens = add_below(*token, "list", "list tokens");
    for (CLI::App* command : {add_token, remove_token, list_tokens})
      command->callback([this, command] { options_.token.action = command->get_name(); });

    CLI::App* audit =
        add("audit", "list what people did", [this] { return run_audit(options_.global, options_.audit); });
    audit->add_flag("--verify", options_.audit.verify, "check that no entry was changed or removed");
    audit->add_option("--limit", options_.audit.limit, "how many")->check(CLI::Range(1, 500))->capture_default_str();
  }

  CLI::App* add_below(CLI::App& parent, const std::string& name, const std::string& what) {
    CLI::App* command = parent.add_subcommand(name, what);
    add_global_options(*command, options_.global);
    return command;
  }

  CLI::App* add_issue_action(CLI::App& issues, const std::string& name, const std::string& what) {
    CLI::App* command = add_below(issues, name, what);
    command->callback([this, name] { options_.issues.action = name; });
    command->add_option("ID", options_.issues.id, "number of the issue; without it, all that the filters find")
        ->check(CLI::PositiveNumber);
    add_issue_filters(*command);
    command->add_flag("--all", options_.issues.all, "every issue in that state, without another filter");
    command->add_flag("--dry-run", options_.issues.dry_run, "only count");
    return command;
  }

  void add_issue_filters(CLI::App& command) {
    command
        .add_option("--state", options_.issues.state, "open, decided, resolved, reverted, superseded, ignored or all")
        ->capture_default_str();
    command.add_option("--object", options_.issues.object, "only of this object");
    command.add_option("--kind", options_.issues.kind, "conflict, rejected, unknown, schema, breaker or unreadable");
    command.add_option("--code", options_.issues.code, "only with this code");
    command.add_option("--field", options_.issues.field, "only those that name this field");
    command.add_option("--rule", options_.issues.rule, "only those that this rule decided");
    command.add_option("--text", options_.issues.text, "in the message or the record's names");
    command.add_option("--sfid", options_.issues.sfid, "only of the record with this Id");
  }

  void add_list_options(CLI::App& command) {
    command.add_flag("--grouped", options_.issues.grouped, "by root cause: kind, code, field and rule");
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
