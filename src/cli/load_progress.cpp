#include "cli/load_progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "cli/opening.h"
#include "postgres/mapping_store.h"
#include "runtime/org_access.h"
#include "runtime/serve_lock.h"

namespace duet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPollInterval = std::chrono::milliseconds(250);
constexpr auto kPlainLineInterval = std::chrono::seconds(5);
constexpr auto kServeGrace = std::chrono::seconds(60);
constexpr auto kLongestWait = std::chrono::hours(24);

long ms_since(Clock::time_point from) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - from).count();
}

/// What the org holds now; 0 when it cannot be asked: the time left is a comfort, not a need.
long expected_rows(const runtime::ConnectionConfig& connection, const std::vector<postgres::StoredMapping>& mappings) {
  const auto access = runtime::OrgAccess::make(connection.salesforce, {});
  if (!access) return 0;
  const auto org = access->make_org();
  long rows = 0;
  for (const postgres::StoredMapping& each : mappings) {
    const auto count = org->count(each.mapping);
    if (!count) return 0;
    rows += *count;
  }
  return rows;
}

class Display {
 public:
  explicit Display(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}

  void show(const std::string& text, bool last) {
    if (quiet_) return;
    if (terminal_) {
      fmt::print(stderr, "\r\x1b[K{}{}", text, last ? "\n" : "");
    } else if (last || Clock::now() >= next_line_) {
      fmt::print(stderr, "{}\n", text);
      next_line_ = Clock::now() + kPlainLineInterval;
    }
  }

 private:
  bool quiet_;
  bool terminal_;
  Clock::time_point next_line_;
};

Result<std::vector<postgres::StoredMapping>> wanted_mappings(postgres::MappingStore& store,
                                                             const std::vector<std::string>& objects) {
  auto mappings = DUET_TRY(store.list());
  std::erase_if(mappings, [&](const postgres::StoredMapping& each) {
    return std::ranges::find(objects, each.mapping.object) == objects.end();
  });
  return mappings;
}

LoadSnapshot snapshot_of(const std::vector<postgres::StoredMapping>& mappings, long expected) {
  LoadSnapshot snapshot;
  snapshot.expected_rows = expected;
  for (const postgres::StoredMapping& each : mappings) {
    ++snapshot.tables;
    if (each.load.state == ports::MappingState::loaded) ++snapshot.loaded_tables;
    snapshot.rows += each.load.rows;
  }
  return snapshot;
}

/// Nothing is loaded before the stream has named a position (design §4 "Load").
Result<bool> stream_is_awaited(postgres::Session& session, int id, const LoadSnapshot& snapshot) {
  if (snapshot.rows > 0 || snapshot.loaded_tables > 0) return false;
  const postgres::Rows rows =
      DUET_TRY(session.query("SELECT EXISTS (SELECT FROM duet.position WHERE connection_id = $1::integer AND source = "
                             "'events' AND position <> '')",
                             {std::to_string(id)}));
  return !rows.boolean(0, 0);
}

}  // namespace

std::string progress_text(const LoadSnapshot& now, long elapsed_ms, long rows_at_start) {
  std::string text = fmt::format("loading {} of {} tables, {}", now.loaded_tables, now.tables, number_text(now.rows));
  if (now.expected_rows > 0) text += fmt::format(" of {}", number_text(std::max(now.expected_rows, now.rows)));
  text += " rows";
  const long rate = elapsed_ms > 0 ? (now.rows - rows_at_start) * 1'000 / elapsed_ms : 0;
  if (rate <= 0) return text;
  text += fmt::format(", {} rows/s", number_text(rate));
  if (now.expected_rows > now.rows)
    text += fmt::format(", {} left", duration_text((now.expected_rows - now.rows) * 1'000 / rate));
  return text;
}

Result<void> wait_until_loaded(const runtime::ConnectionConfig& connection, const std::vector<std::string>& objects,
                               bool quiet) {
  auto session = DUET_TRY(open_database(connection));
  const int id = DUET_TRY(find_connection(*session, connection.name));
  postgres::MappingStore store(*session, id);
  auto mappings = DUET_TRY(wanted_mappings(store, objects));
  const long expected = quiet ? 0 : expected_rows(connection, mappings);
  const long rows_at_start = snapshot_of(mappings, 0).rows;
  const auto start = Clock::now();
  auto served_at = start;
  Display display(quiet);
  while (Clock::now() - start < kLongestWait) {
    mappings = DUET_TRY(wanted_mappings(store, objects));
    const LoadSnapshot snapshot = snapshot_of(mappings, expected);
    const bool done = snapshot.loaded_tables == snapshot.tables;
    const bool served = DUET_TRY(runtime::serve_runs(*session, id));
    if (served) served_at = Clock::now();
    if (done) {
      display.show(fmt::format("loaded {} tables, {} rows, in {}", snapshot.tables, number_text(snapshot.rows),
                               duration_text(ms_since(start))),
                   true);
      return {};
    }
    const bool waits_for_stream = DUET_TRY(stream_is_awaited(*session, id, snapshot));
    display.show(served && waits_for_stream ? "waiting for the first answer of the change stream: it may take 270 s"
                 : served                   ? progress_text(snapshot, ms_since(start), rows_at_start)
                                            : "waiting for `duet serve`, which loads the tables",
                 false);
    if (Clock::now() - served_at > kServeGrace) {
      display.show("", true);
      return fail(ErrorKind::timeout, "no `duet serve` runs for this connection", {},
                  "start it: it loads the tables; the import itself is done");
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return fail(ErrorKind::timeout, "the tables were not loaded within a day", {}, "see `duet status`");
}

}  // namespace duet::cli
