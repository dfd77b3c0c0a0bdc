#include <fmt/format.h>

#include "cli/opening.h"
#include "postgres/journal_store.h"
#include "runtime/issue_actions.h"
#include "runtime/record_json.h"
#include "runtime/system_ports.h"

namespace duet::cli {
namespace {

using postgres::StoredJournalEntry;

void print_text(const std::vector<StoredJournalEntry>& entries, const JournalOptions& options) {
  TextTable table({"ID", "AT", "OBJECT", "RECORD", "FIELD", "LOST", "OF", "KEPT", "REASON", "RULE"});
  for (const StoredJournalEntry& entry : entries) {
    std::string record = !entry.sfid.empty() ? entry.sfid : entry.external_id;
    if (record.empty() && entry.record_id) record = fmt::format("row {}", *entry.record_id);
    table.add({std::to_string(entry.id), format_timestamp(entry.created_at), entry.object, record,
               entry.field.empty() ? "(row)" : entry.field, runtime::value_for_people(entry.lost), entry.lost_side,
               runtime::value_for_people(entry.kept), entry.reason, entry.rule});
  }
  if (table.empty()) {
    fmt::print("The journal has no such entry.\n");
    return;
  }
  fmt::print("{}", table.text());
  if (entries.size() >= static_cast<std::size_t>(options.limit))
    fmt::print("There may be more: --before {}\n", entries.back().id);
}

Result<void> show(const GlobalOptions& global, const JournalOptions& options) {
  const Opened opened = DUET_TRY(open_connection(global));
  auto session = DUET_TRY(open_database(opened.connection));
  postgres::JournalStore store(*session, DUET_TRY(find_connection(*session, opened.connection.name)));
  postgres::JournalFilter filter;
  filter.object = options.object;
  filter.sfid = options.sfid;
  filter.field = options.field;
  filter.before_id = options.before;
  filter.limit = static_cast<std::size_t>(options.limit);
  const auto entries = DUET_TRY(store.list(filter));
  if (global.json) {
    fmt::print("{}", runtime::journal_to_json(entries, filter.limit));
  } else {
    print_text(entries, options);
  }
  return {};
}

Result<void> revert(const GlobalOptions& global, const JournalOptions& options) {
  const Opened opened = DUET_TRY(open_connection(global));
  runtime::SystemClock clock;
  runtime::IssueActions actions(opened.connection, clock);
  const auto entries = DUET_TRY(actions.revert_entry(command_line_caller(), options.revert, options.force));
  if (global.json) {
    fmt::print("{}", runtime::journal_to_json(entries, entries.size() + 1));
  } else {
    fmt::print("The value of journal entry {} is back; it goes to both sides.\n", options.revert);
  }
  return {};
}

}  // namespace

ExitCode run_journal(const GlobalOptions& global, const JournalOptions& options) {
  const Result<void> shown = options.revert != 0 ? revert(global, options) : show(global, options);
  return shown ? kDone : report(shown.error(), global.json);
}

}  // namespace duet::cli
