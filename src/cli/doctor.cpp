#include "runtime/doctor.h"
#include "runtime/create_keys.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/opening.h"

namespace duet::cli {
namespace {

using runtime::Finding;
using runtime::Severity;

void print_json(const std::vector<Finding>& findings) {
  nlohmann::ordered_json out;
  out["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    out["findings"].push_back({{"severity", name_of(finding.severity)},
                               {"check", finding.check},
                               {"subject", finding.subject},
                               {"message", finding.message},
                               {"advice", finding.advice}});
  }
  fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_text(const std::vector<Finding>& findings) {
  std::size_t errors = 0;
  std::size_t warnings = 0;
  for (const Finding& finding : findings) {
    errors += finding.severity == Severity::error ? 1 : 0;
    warnings += finding.severity == Severity::warn ? 1 : 0;
    fmt::print("{:5}  {:<22} {}: {}\n", name_of(finding.severity), finding.check, printable(finding.subject),
               printable(finding.message));
    if (!finding.advice.empty()) fmt::print("       {:<22} -> {}\n", "", printable(finding.advice));
  }
  if (errors + warnings == 0) {
    fmt::print("All is well.\n");
  } else {
    fmt::print("{} errors, {} warnings.\n", errors, warnings);
  }
}

ExitCode exit_code_of(const std::vector<Finding>& findings) {
  ExitCode code = kDone;
  for (const Finding& finding : findings) {
    if (finding.unreachable) return kUnreachable;
    if (finding.severity != Severity::ok) code = kFound;
  }
  return code;
}

}  // namespace

ExitCode run_doctor(const GlobalOptions& global, const std::string& file, bool create_keys) {
  const auto config = runtime::load_config(global.config_file, runtime::process_environment());
  if (!config) return report(config.error(), global.json);
  std::optional<codec::ParsedMappingFile> parsed;
  configure_logging(LogLevel::error, LogFormat::text);
  std::vector<Finding> findings;
  for (const std::string& warning : config->warnings) {
    findings.push_back({Severity::warn, "config.secrets", config->file, warning, "do so now", false});
  }
  if (!file.empty()) {
    auto opened = open_mapping_file(file);
    if (!opened) return report(opened.error(), global.json);
    parsed = std::move(*opened);
    for (const codec::MappingProblem& problem : parsed->problems) {
      findings.push_back({problem.fatal ? Severity::error : Severity::warn, "file.mapping", problem.path,
                          problem.message, problem.advice, false});
    }
  }
  if (!global.connection.empty()) {
    if (auto picked = runtime::pick_connection(*config, global.connection); !picked)
      return report(picked.error(), global.json);
  }
  for (const runtime::ConnectionConfig& connection : config->connections) {
    if (!global.connection.empty() && connection.name != global.connection) continue;
    const codec::MappingFile* mappings = parsed ? &parsed->file : nullptr;
    auto more = create_keys ? runtime::create_keys(connection, mappings) : runtime::examine(connection, mappings);
    findings.insert(findings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  if (global.json) {
    print_json(findings);
  } else {
    print_text(findings);
  }
  return exit_code_of(findings);
}

}  // namespace duet::cli
