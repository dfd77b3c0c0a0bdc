#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.h"

namespace duet::cli {

/// Options of every command.
struct GlobalOptions {
  std::string config_file = "duet.toml";
  std::string connection;
  bool json = false;
  std::string version;
};

struct AttachOptions {
  bool accept_database = false;   ///< this database has replaced the one that was pinned
  bool upgrade_triggers = false;  ///< Heroku Connect's functions become Duet's
};

struct ImportOptions {
  std::string file;
  bool wait = false;
};

struct IssueOptions {
  std::int64_t id = 0;  ///< show this one
  std::string state = "open";
  std::string object;
  std::string kind;
  std::string code;
  std::string field;
  std::string rule;
  std::string text;
  std::string sfid;
  bool grouped = false;
  int limit = 100;
  std::int64_t before = 0;

  std::string action;               ///< retry | revert | resolve | ignore; empty: show
  std::string use;                  ///< resolve: salesforce | postgres | base
  std::vector<std::string> sets;    ///< resolve: `Field=value`
  std::vector<std::string> fields;  ///< resolve: `Field=side`
  bool always = false;
  bool all = false;      ///< act on everything that is open, without another filter
  bool dry_run = false;  ///< only count
};

struct JournalOptions {
  std::string object;
  std::string sfid;
  std::string field;
  std::int64_t revert = 0;  ///< bring the value of this entry back
  bool force = false;
  int limit = 100;
  std::int64_t before = 0;
};

struct RecordOptions {
  std::string object;
  std::string id;  ///< Salesforce Id, or `id` of the row
  std::string at;  ///< RFC 3339: also the record as it was then
  int limit = 100;
};

struct UserOptions {
  std::string action;  ///< add | passwd | role | disable | enable | remove | list
  std::string name;
  std::string role = "viewer";
};

struct TokenOptions {
  std::string action;  ///< add | remove | list
  std::string name;
  std::string role = "viewer";
  std::int64_t id = 0;
  int days = 0;  ///< 0: does not expire
};

struct AuditOptions {
  bool verify = false;
  int limit = 100;
};

// One file per command; each returns the exit code of the process.

/// Runs until SIGTERM or SIGINT.
ExitCode run_serve(const GlobalOptions& global);
/// `file`: a mapping file to check as well, or empty.
/// `create_keys`: unique external ids are created in the org where a mapping that writes has none.
ExitCode run_doctor(const GlobalOptions& global, const std::string& file, bool create_keys);
ExitCode run_status(const GlobalOptions& global);
ExitCode run_import(const GlobalOptions& global, const ImportOptions& options);
/// What an import would do.
ExitCode run_plan(const GlobalOptions& global, const std::string& file);
/// The mapping file to `file`, or to standard output when it is empty.
ExitCode run_export(const GlobalOptions& global, const std::string& file);
/// Pins this database and org, and shows what was adopted.
ExitCode run_attach(const GlobalOptions& global, const AttachOptions& options);
ExitCode run_pause(const GlobalOptions& global, bool outbound_only);
ExitCode run_resume(const GlobalOptions& global);
ExitCode run_issues(const GlobalOptions& global, const IssueOptions& options);
ExitCode run_journal(const GlobalOptions& global, const JournalOptions& options);
/// A record with its timeline.
ExitCode run_record(const GlobalOptions& global, const RecordOptions& options);
ExitCode run_user(const GlobalOptions& global, const UserOptions& options);
ExitCode run_token(const GlobalOptions& global, const TokenOptions& options);
/// Whether the log of actions is whole.
ExitCode run_audit(const GlobalOptions& global, const AuditOptions& options);
ExitCode run_version(const GlobalOptions& global);

}  // namespace duet::cli
