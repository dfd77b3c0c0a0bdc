#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "codec/mapping_file.h"
#include "ports/org.h"
#include "postgres/session.h"
#include "runtime/config.h"
#include "salesforce/org_limits.h"

namespace duet::runtime {

enum class Severity { ok, warn, error };

std::string_view name_of(Severity severity);

/// One thing that was looked at.
struct Finding {
  Severity severity = Severity::ok;
  std::string check;    ///< stable name: `org.login`, `mapping.upsert_field`
  std::string subject;  ///< what it is about: a connection, an object, a table
  std::string message;
  std::string advice;        ///< what to do; empty when ok
  bool unreachable = false;  ///< the org or the database could not be reached
};

/// Collects findings about one connection; later checks are skipped where they need what is missing.
class Findings {
 public:
  explicit Findings(std::string subject) : subject_(std::move(subject)) {}

  void ok(std::string check, std::string message);
  void warn(std::string check, std::string message, std::string advice);
  void error(std::string check, std::string message, std::string advice);
  void error(std::string check, const Error& error);
  /// Whatever the reason: without this nothing can be done.
  void unreachable(std::string check, const Error& error);
  /// The same collection, about something else.
  void about(std::string subject) { subject_ = std::move(subject); }

  std::vector<Finding> take() && { return std::move(findings_); }
  const std::vector<Finding>& all() const { return findings_; }

 private:
  std::string subject_;
  std::vector<Finding> findings_;
};

/// Checks everything that `serve` will need, and changes nothing: login, API version, limits, clock, change stream,
/// database rights, extension, triggers, sequences, clone guard, and each mapping against the org of today. `file` is
/// checked as an import would.
std::vector<Finding> examine(const ConnectionConfig& config, const codec::MappingFile* file);

// The parts of examine().

/// False when the org cannot be asked.
bool examine_org(ports::Org& org, Findings& findings);
/// What other clients use as well: jobs, events that are delivered, storage.
void examine_org_limits(const Result<std::vector<salesforce::OrgLimit>>& limits, Findings& findings);
void examine_database(postgres::Session& session, const std::string& schema, Findings& findings);
/// The mappings that are stored, their tables and triggers; `org` may be null when it cannot be asked.
void examine_mappings(postgres::Session& session, ports::Org* org, const ConnectionConfig& config, Findings& findings);

}  // namespace duet::runtime
