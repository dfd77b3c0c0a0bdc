#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
  int limit = 100;
  std::int64_t before = 0;
};

struct JournalOptions {
  std::string object;
  std::string sfid;
  int limit = 100;
  std::int64_t before = 0;
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
ExitCode run_version(const GlobalOptions& global);

}  // namespace duet::cli
