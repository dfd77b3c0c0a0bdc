#include <algorithm>

#include <fmt/format.h>

#include "cli/opening.h"
#include "postgres/issue_store.h"
#include "runtime/record_json.h"

namespace duet::cli {
namespace {

using postgres::StoredIssue;

std::string record_name(const StoredIssue& issue) {
  if (!issue.sfid.empty()) return issue.sfid;
  if (!issue.external_id.empty()) return issue.external_id;
  return issue.record_id ? fmt::format("row {}", *issue.record_id) : std::string("-");
}

void print_list(const std::vector<StoredIssue>& issues, const IssueOptions& options) {
  TextTable table({"ID", "KIND", "STATE", "OBJECT", "RECORD", "CODE", "SINCE", "MESSAGE"});
  for (const StoredIssue& issue : issues) {
    table.add({std::to_string(issue.id), issue.issue.kind, issue.issue.state, issue.object.empty() ? "-" : issue.object,
               record_name(issue), issue.issue.code.empty() ? "-" : issue.issue.code,
               format_timestamp(issue.created_at), issue.issue.message});
  }
  if (table.empty()) {
    fmt::print("No issues.\n");
    return;
  }
  fmt::print("{}", table.text());
  if (issues.size() >= static_cast<std::size_t>(options.limit))
    fmt::print("There may be more: --before {}\n", issues.back().id);
}

void print_one(const StoredIssue& stored) {
  const Issue& issue = stored.issue;
  fmt::print("issue {}: {}, {}\n", stored.id, issue.kind, issue.state);
  fmt::print("  {}\n", printable(issue.message));
  fmt::print("  object {}, table {}, record {}\n", stored.object.empty() ? "-" : stored.object,
             stored.table.empty() ? "-" : stored.table, printable(record_name(stored)));
  fmt::print("  code {}, rule {}, since {}, seen {} times\n", issue.code.empty() ? "-" : printable(issue.code),
             issue.rule.empty() ? "-" : issue.rule, format_timestamp(stored.created_at), stored.occurrences);
  if (issue.fields.empty()) return;
  TextTable table({"FIELD", "BASE", "SALESFORCE", "POSTGRES", "CHOSEN"});
  for (const IssueField& field : issue.fields) {
    table.add({field.name, runtime::value_for_people(field.base), runtime::value_for_people(field.salesforce),
               runtime::value_for_people(field.postgres), field.chosen.empty() ? "-" : field.chosen});
  }
  fmt::print("{}", table.text());
}

/// Whether there is an open issue among what was shown: the exit code says so to scripts.
Result<bool> show(const GlobalOptions& global, const IssueOptions& options) {
  const Opened opened = DUET_TRY(open_connection(global));
  auto session = DUET_TRY(open_database(opened.connection));
  postgres::IssueStore store(*session, DUET_TRY(find_connection(*session, opened.connection.name)));
  if (options.id != 0) {
    const auto issue = DUET_TRY(store.find(options.id));
    if (!issue)
      return fail(ErrorKind::not_found, fmt::format("there is no issue {}", options.id), {},
                  "see: duet issues --state all");
    if (global.json) {
      fmt::print("{}", runtime::issue_to_json(*issue));
    } else {
      print_one(*issue);
    }
    return issue->issue.state == "open";
  }
  postgres::IssueFilter filter;
  filter.state = options.state == "all" ? "" : options.state;
  filter.object = options.object;
  filter.kind = options.kind;
  filter.before_id = options.before;
  filter.limit = static_cast<std::size_t>(options.limit);
  const auto issues = DUET_TRY(store.list(filter));
  if (global.json) {
    fmt::print("{}", runtime::issues_to_json(issues, filter.limit));
  } else {
    print_list(issues, options);
  }
  return std::ranges::any_of(issues, [](const StoredIssue& each) { return each.issue.state == "open"; });
}

}  // namespace

ExitCode run_issues(const GlobalOptions& global, const IssueOptions& options) {
  const Result<bool> open = show(global, options);
  if (!open) return report(open.error(), global.json);
  return *open ? kFound : kDone;
}

}  // namespace duet::cli
