#include "runtime/schema_issues.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/logging.h"
#include "postgres/issue_store.h"
#include "postgres/pg_store.h"

namespace duet::runtime {
namespace {

constexpr const char* kKind = "schema";
constexpr const char* kCode = "MAPPING_DOES_NOT_FIT";
constexpr std::size_t kMostOpenIssues = 10'000;

/// The object that a problem is about: what its path begins with.
std::string object_of(const codec::MappingProblem& problem) { return problem.path.substr(0, problem.path.find('.')); }

const Mapping* find_mapping(const PreparedConnection& prepared, const std::string& object) {
  const auto left_out = std::ranges::find(prepared.left_out, object, &Mapping::object);
  return left_out != prepared.left_out.end() ? &*left_out : prepared.connection.find(object);
}

Result<void> close_settled(postgres::Session& session, int connection_id,
                           const std::map<std::string, std::string>& messages) {
  postgres::IssueStore issues(session, connection_id);
  postgres::IssueFilter open;
  open.state = "open";
  open.kind = kKind;
  open.limit = kMostOpenIssues;
  for (const postgres::StoredIssue& stored : DUET_TRY(issues.list(open))) {
    if (stored.issue.code == kCode && !messages.contains(stored.object))
      (void)DUET_TRY(issues.close(stored.id, "open", {"resolved", "", "The schema fits again."}));
  }
  return {};
}

}  // namespace

Result<void> record_schema_problems(const ConnectionConfig& config, const PreparedConnection& prepared,
                                    postgres::Session& session) {
  std::map<std::string, std::string> messages;
  for (const codec::MappingProblem& problem : prepared.problems) {
    log(LogLevel::warn, "mapping does not fit any more",
        {{"connection", config.name},
         {"where", problem.path},
         {"problem", problem.message},
         {"advice", problem.advice}});
    std::string& message = messages[object_of(problem)];
    message += fmt::format("{}{}: {}", message.empty() ? "" : "\n", problem.message, problem.advice);
  }
  DUET_TRY(close_settled(session, prepared.id, messages));
  if (messages.empty()) return {};

  postgres::PgStore store({config.postgres.url, config.postgres.schema, prepared.id});
  auto transaction = DUET_TRY(store.begin());
  for (const auto& [object, message] : messages) {
    Issue issue;
    issue.kind = kKind;
    issue.state = "open";
    issue.code = kCode;
    issue.message = message;
    DUET_TRY(transaction->raise_issue(find_mapping(prepared, object), issue));
  }
  for (const Mapping& mapping : prepared.left_out)
    DUET_TRY(transaction->mark_range_dirty(mapping, 0, "the mapping did not run"));
  return transaction->commit();
}

}  // namespace duet::runtime
