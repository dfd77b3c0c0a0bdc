#include "runtime/serve_lock.h"

#include <cstdint>
#include <string>

namespace duet::runtime {
namespace {

/// Beside the classes of postgres/lock_keys.h.
constexpr std::int32_t kServeLockClass = 0x44750002;

}  // namespace

Result<bool> take_serve_lock(postgres::Session& session, int connection_id) {
  const postgres::Rows rows = DUET_TRY(session.query("SELECT pg_catalog.pg_try_advisory_lock($1::integer, $2::integer)",
                                                     {std::to_string(kServeLockClass), std::to_string(connection_id)}));
  return rows.boolean(0, 0);
}

Result<bool> serve_runs(postgres::Session& session, int connection_id) {
  const postgres::Rows rows = DUET_TRY(session.query(
      "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database "
      "WHERE d.datname = pg_catalog.current_database() AND l.locktype = 'advisory' AND l.granted "
      "AND l.classid = $1::integer::oid AND l.objid = $2::integer::oid)",
      {std::to_string(kServeLockClass), std::to_string(connection_id)}));
  return rows.boolean(0, 0);
}

}  // namespace duet::runtime
