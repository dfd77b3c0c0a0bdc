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

/// A fresh database with the schemas, one mapped table and an app's session.
struct StoreDatabase {
  explicit StoreDatabase(Mapping with = test::sample_mapping()) : mapping(std::move(with)) {
    admin = Session::connect(url, SessionRole::admin).value();
    must(migrate(*admin));
    synced = install_synced_schema(*admin, "salesforce").value();
    connection_id = ConnectionStore(*admin).open("main", "salesforce").value();
    must(MappingStore(*admin, connection_id).save(mapping));
    must(admin->execute("UPDATE duet.mapping SET state = 'loaded'"));
    if (auto table = ensure_table(*admin, "salesforce", synced, mapping); !table)
      throw std::runtime_error(describe(table.error()));
  }

  static void must(const Result<void>& result) {
    if (!result) throw std::runtime_error(describe(result.error()));
  }

  StoreOptions options() const { return {url, "salesforce", connection_id}; }

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

  std::string url = test::shared_cluster().create_database();
  test::SqlSession app{url};
  Mapping mapping;
  std::unique_ptr<Session> admin;
  SyncedSchema synced;
  int connection_id = 0;
};

}  // namespace duet::postgres
