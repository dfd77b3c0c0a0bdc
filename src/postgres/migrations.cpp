#include "postgres/migrations.h"

#include <charconv>

#include <fmt/format.h>

#include "postgres/sql_files.h"

namespace duet::postgres {
namespace {

constexpr std::string_view kFolder = "migrations/";

// 'DUET' in ASCII: no two processes migrate at once.
constexpr std::string_view kBegin =
    R"(BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_catalog.pg_advisory_xact_lock(1146438996, 0);
CREATE SCHEMA IF NOT EXISTS duet;
CREATE TABLE IF NOT EXISTS duet.migration (version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());)";

int version_of(const SqlFile& file) {
  int version = 0;
  const std::string_view name = file.path.substr(kFolder.size());
  std::from_chars(name.data(), name.data() + name.size(), version);
  return version;
}

Result<int> current_version(Session& session) {
  const Rows rows = DUET_TRY(session.query("SELECT coalesce(max(version), 0) FROM duet.migration"));
  return static_cast<int>(rows.integer(0, 0));
}

Result<void> apply_missing(Session& session) {
  const int current = DUET_TRY(current_version(session));
  int newest = 0;
  for (const SqlFile& file : embedded_sql_files()) {
    if (!file.path.starts_with(kFolder)) continue;
    newest = version_of(file);
    if (newest <= current) continue;
    DUET_TRY(session.execute(std::string(file.text)));
    DUET_TRY(session.query("INSERT INTO duet.migration (version, name) VALUES ($1::integer, $2)",
                           {std::to_string(newest), std::string(file.path.substr(kFolder.size()))}));
  }
  if (current > newest) {
    return fail(ErrorKind::config, "this database has been migrated by a newer Duet; use that version or a newer one",
                {}, fmt::format("schema duet is at version {}, this program knows {}", current, newest));
  }
  return {};
}

}  // namespace

Result<void> migrate(Session& session) {
  auto applied = session.execute(std::string(kBegin));
  if (applied) applied = apply_missing(session);
  if (!applied) {
    if (!session.broken()) (void)session.execute("ROLLBACK");
    return applied;
  }
  return session.execute("COMMIT");
}

}  // namespace duet::postgres
