#pragma once

#include <memory>
#include <string>

#include <fmt/format.h>

#include "codec/hstore.h"
#include "codec/value_text.h"
#include "contract/sample_mapping.h"
#include "postgres/connection_store.h"
#include "postgres/mapping_store.h"
#include "postgres/migrations.h"
#include "postgres/pg_store.h"
#include "postgres/synced_schema.h"
#include "postgres/synced_table.h"
#include "support/private_cluster.h"
#include "support/sql_session.h"

namespace duet::postgres {

/// A database with the schemas, one mapped table and an app's session, all empty. Tests that change the schema bring a
/// mapping, and get a database that no other test will see.
struct StoreDatabase {
  StoreDatabase() : url(prepared()) {
    app.execute(
        "TRUNCATE salesforce.contact, salesforce._trigger_log, salesforce._trigger_log_archive, duet.lane, duet.spool, "
        "duet.stale, duet.bulk_job, duet.breaker, "
        "duet.journal, duet.issue, "
        "duet.position, duet.setting RESTART IDENTITY; UPDATE duet.mapping SET state = 'loaded', loaded_rows = 0, "
        "range_dirty_since = NULL, "
        "range_dirty_reason = NULL");
    mapping = MappingStore(*admin, connection_id).list().value().front().mapping;
  }

  explicit StoreDatabase(Mapping with) : url(test::shared_cluster().clean_database()), mapping(std::move(with)) {
    prepare(*admin, mapping);
  }

  /// Made once in a test program.
  static const std::string& prepared() {
    static const std::string url = [] {
      const std::string created = test::shared_cluster().create_database();
      Mapping mapping = test::sample_mapping();
      prepare(*Session::connect(created, SessionRole::admin).value(), mapping);
      return created;
    }();
    return url;
  }

  static void prepare(Session& admin, Mapping& mapping) {
    must(migrate(admin));
    const SyncedSchema synced = install_synced_schema(admin, "salesforce").value();
    const int id = ConnectionStore(admin).open("main", "salesforce").value();
    must(MappingStore(admin, id).save(mapping));
    must(admin.execute("UPDATE duet.mapping SET state = 'loaded'"));
    if (auto table = ensure_table(admin, "salesforce", synced, mapping); !table)
      throw std::runtime_error(describe(table.error()));
  }

  static void must(const Result<void>& result) {
    if (!result) throw std::runtime_error(describe(result.error()));
  }

  StoreOptions options() const {
    StoreOptions options;
    options.url = url;
    options.connection_id = connection_id;
    options.lock_timeout_ms = 30;
    options.engine_wait_ms = 30;
    return options;
  }

  /// Column list and values for the app's SQL.
  std::string assignments(const FieldValues& values) const {
    std::string list;
    for (const auto& [name, value] : values) {
      const auto text = codec::to_postgres(value);
      list += fmt::format("{}{} = {}", list.empty() ? "" : ", ", to_lower(name), text ? app.quote(*text) : "NULL");
    }
    return list;
  }

  std::int64_t app_insert(const FieldValues& values) {
    std::string columns;
    std::string texts;
    for (const auto& [name, value] : values) {
      const auto text = codec::to_postgres(value);
      columns += fmt::format("{}{}", columns.empty() ? "" : ", ", to_lower(name));
      texts += fmt::format("{}{}", texts.empty() ? "" : ", ", text ? app.quote(*text) : "NULL");
    }
    return std::stoll(app.value(
        values.empty() ? std::string("INSERT INTO salesforce.contact DEFAULT VALUES RETURNING id")
                       : fmt::format("INSERT INTO salesforce.contact ({}) VALUES ({}) RETURNING id", columns, texts)));
  }

  std::string url;
  test::SqlSession app{url};
  std::unique_ptr<Session> admin = Session::connect(url, SessionRole::admin).value();
  Mapping mapping;
  int connection_id = 1;
};

}  // namespace duet::postgres
