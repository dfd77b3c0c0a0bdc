#include "runtime/doctor.h"

#include "runtime/import_mappings.h"
#include "runtime/org_access.h"

namespace duet::runtime {
namespace {

void examine_file(const ConnectionConfig& config, const codec::MappingFile& file, postgres::Session& session,
                  ports::Org& org, Findings& findings) {
  const auto planned = import_mappings(config, session, org, file, true);
  if (!planned) {
    findings.error("file.import", planned.error());
    return;
  }
  for (const codec::MappingProblem& problem : planned->problems) {
    findings.about(problem.path);
    if (problem.fatal) {
      findings.error("file.mapping", problem.message, problem.advice);
    } else {
      findings.warn("file.mapping", problem.message, problem.advice);
    }
  }
  if (planned->possible) findings.ok("file.mapping", "the mapping file can be imported");
}

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::ok:
      return "ok";
    case Severity::warn:
      return "warn";
    case Severity::error:
      break;
  }
  return "error";
}

void Findings::ok(std::string check, std::string message) {
  findings_.push_back({Severity::ok, std::move(check), subject_, std::move(message), {}, false});
}

void Findings::warn(std::string check, std::string message, std::string advice) {
  findings_.push_back({Severity::warn, std::move(check), subject_, std::move(message), std::move(advice), false});
}

void Findings::error(std::string check, std::string message, std::string advice) {
  findings_.push_back({Severity::error, std::move(check), subject_, std::move(message), std::move(advice), false});
}

void Findings::unreachable(std::string check, const Error& error) {
  this->error(std::move(check), error);
  findings_.back().unreachable = true;
}

void Findings::error(std::string check, const Error& error) {
  const bool unreachable =
      error.kind == ErrorKind::network || error.kind == ErrorKind::timeout || error.kind == ErrorKind::store_down;
  Error without_detail = error;
  without_detail.detail.clear();
  findings_.push_back(
      {Severity::error, std::move(check), subject_, describe(without_detail), advice_of(error), unreachable});
}

std::vector<Finding> examine(const ConnectionConfig& config, const codec::MappingFile* file) {
  Findings findings(config.name);
  std::unique_ptr<ports::Org> org;
  if (const auto access = OrgAccess::make(config.salesforce, {}); access) {
    org = access->make_org();
    if (examine_org(*org, findings)) {
      examine_org_limits(access->limits(), findings);
    } else {
      org.reset();
    }
  } else {
    findings.error("org.login", access.error());
  }
  auto session = postgres::Session::connect(config.postgres.url, postgres::SessionRole::admin);
  if (!session) {
    findings.unreachable("database.connect", session.error());
    return std::move(findings).take();
  }
  findings.ok("database.connect", "the database answers at " + without_password(config.postgres.url));
  examine_database(**session, config.postgres.schema, findings);
  examine_mappings(**session, org.get(), config, findings);
  if (file && org) examine_file(config, *file, **session, *org, findings);
  return std::move(findings).take();
}

}  // namespace duet::runtime
