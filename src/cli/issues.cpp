#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/opening.h"
#include "postgres/issue_store.h"
#include "runtime/issue_actions.h"
#include "runtime/record_json.h"
#include "runtime/system_ports.h"

namespace duet::cli {
namespace {

using postgres::StoredIssue;

constexpr long kMostCounted = 100'000;
constexpr long kAtOnce = 1'000;
constexpr std::size_t kShownFailures = 20;

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

void print_groups(const std::vector<postgres::IssueGroup>& groups) {
  TextTable table({"COUNT", "RECORDS", "KIND", "CODE", "FIELD", "RULE", "OBJECTS", "LAST", "SAMPLE", "MESSAGE"});
  const auto or_dash = [](const std::string& text) { return text.empty() ? std::string("-") : text; };
  for (const postgres::IssueGroup& group : groups) {
    table.add({std::to_string(group.count), std::to_string(group.records), group.kind, or_dash(group.code),
               or_dash(group.field), or_dash(group.rule), fmt::format("{}", fmt::join(group.objects, ",")),
               format_timestamp(group.last_at), std::to_string(group.newest_id), group.message});
  }
  fmt::print("{}", table.empty() ? "No issues.\n" : table.text());
}

postgres::IssueFilter filter_of(const IssueOptions& options) {
  postgres::IssueFilter filter;
  filter.state = options.state == "all" ? "" : options.state;
  filter.object = options.object;
  filter.kind = options.kind;
  filter.code = options.code;
  filter.field = options.field;
  filter.rule = options.rule;
  filter.text = options.text;
  filter.sfid = options.sfid;
  filter.before_id = options.before;
  filter.limit = static_cast<std::size_t>(options.limit);
  return filter;
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
  const postgres::IssueFilter filter = filter_of(options);
  if (options.grouped) {
    const auto groups = DUET_TRY(store.groups(filter));
    if (global.json) {
      fmt::print("{}", runtime::groups_to_json(groups, DUET_TRY(store.count(filter, kMostCounted))));
    } else {
      print_groups(groups);
    }
    return !groups.empty();
  }
  const auto issues = DUET_TRY(store.list(filter));
  if (global.json) {
    fmt::print("{}", runtime::issues_to_json(issues, filter.limit));
  } else {
    print_list(issues, options);
  }
  return std::ranges::any_of(issues, [](const StoredIssue& each) { return each.issue.state == "open"; });
}

std::unexpected<Error> usage(std::string message, std::string hint) {
  return fail(ErrorKind::config, std::move(message), {}, std::move(hint));
}

/// Splits `Field=text`.
Result<std::pair<std::string, std::string>> assignment(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0)
    return usage(fmt::format("{} is no FIELD=VALUE", text), "for example Phone=123");
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

Result<runtime::IssueDecision> decision_of(const IssueOptions& options) {
  runtime::IssueDecision decision;
  decision.action = options.action;
  decision.use = options.use;
  decision.always = options.always;
  for (const std::string& each : options.sets) {
    auto [field, text] = DUET_TRY(assignment(each));
    // An empty text empties the field.
    decision.set.emplace(std::move(field), text.empty() ? "null" : nlohmann::json(text).dump());
  }
  for (const std::string& each : options.fields) decision.fields.insert(DUET_TRY(assignment(each)));
  if (options.action == "resolve" && decision.use.empty() && decision.set.empty() && decision.fields.empty())
    return usage("nothing is chosen",
                 "give --use salesforce, postgres or base, --field-use FIELD=SIDE, or --set FIELD=VALUE");
  return decision;
}

/// Whether everything that was asked for was done.
Result<bool> act(const GlobalOptions& global, const IssueOptions& options) {
  const Opened opened = DUET_TRY(open_connection(global));
  const runtime::IssueDecision decision = DUET_TRY(decision_of(options));
  runtime::SystemClock clock;
  runtime::IssueActions actions(opened.connection, clock);
  if (options.id != 0) {
    const runtime::ActionOutcome outcome = DUET_TRY(actions.act(command_line_caller(), options.id, decision));
    if (global.json) {
      fmt::print("{}", runtime::action_to_json(outcome.issue, outcome.writes));
    } else {
      fmt::print("Issue {} is {}. {}\n", options.id, outcome.issue.issue.state, outcome.issue.outcome);
    }
    return true;
  }
  const bool filtered = !options.object.empty() || !options.kind.empty() || !options.code.empty() ||
                        !options.field.empty() || !options.rule.empty() || !options.text.empty() ||
                        !options.sfid.empty();
  if (!filtered && !options.all)
    return usage("which issues?",
                 "name one by its number, or choose with --kind, --code, --field, --object …, or --all");
  runtime::BulkOutcome total;
  const postgres::IssueFilter filter = filter_of(options);
  while (true) {
    const runtime::BulkOutcome part =
        DUET_TRY(actions.act_on_all(command_line_caller(), filter, decision, kAtOnce, options.dry_run));
    if (total.matched == 0) {
      total.matched = part.matched;
      total.possible = part.possible;
    }
    total.done += part.done;
    total.stale += part.stale;
    total.failures.insert(total.failures.end(), part.failures.begin(), part.failures.end());
    // What failed, and what is stale and stays, would come again.
    if (options.dry_run || part.done == 0 || part.done + part.stale + static_cast<long>(part.failures.size()) < kAtOnce)
      break;
  }
  if (global.json) {
    nlohmann::ordered_json out = {{"dry_run", options.dry_run}, {"matched", total.matched},
                                  {"possible", total.possible}, {"done", total.done},
                                  {"stale", total.stale},       {"failed", total.failures.size()}};
    fmt::print("{}\n", out.dump(2));
  } else if (options.dry_run) {
    fmt::print("{} issues match, {} of them allow {}. Nothing was changed.\n", total.matched, total.possible,
               options.action);
  } else {
    fmt::print("{} issues match; {}: {} done, {} stale, {} failed.\n", total.matched, options.action, total.done,
               total.stale, total.failures.size());
    for (std::size_t i = 0; i < std::min(total.failures.size(), kShownFailures); ++i)
      fmt::print("  issue {}: {}\n", total.failures[i].id, printable(total.failures[i].error.message));
  }
  return total.stale == 0 && total.failures.empty();
}

}  // namespace

ExitCode run_issues(const GlobalOptions& global, const IssueOptions& options) {
  if (!options.action.empty()) {
    const Result<bool> done = act(global, options);
    if (!done) return report(done.error(), global.json);
    return *done ? kDone : kFound;
  }
  const Result<bool> open = show(global, options);
  if (!open) return report(open.error(), global.json);
  return *open ? kFound : kDone;
}

}  // namespace duet::cli
