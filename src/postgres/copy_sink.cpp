#include "postgres/copy_sink.h"

#include <fmt/format.h>

#include "codec/csv_to_copy.h"

namespace duet::postgres {
namespace {

class PgCopySink final : public ports::CopySink {
 public:
  PgCopySink(std::shared_ptr<StoreSession> store, const Mapping& mapping)
      : store_(std::move(store)), mapping_id_(std::to_string(mapping.id)), table_(store_->table(mapping).qualified) {}

  ~PgCopySink() override {
    // The connection is in the middle of a COPY: closing it is the one way out that needs no answer.
    if (!finished_) store_->session().close();
  }

  Result<void> write(std::string_view bytes) override { return store_->session().put_copy(bytes); }

  Result<long> finish() override {
    Session& session = store_->session();
    const long rows = DUET_TRY(session.end_copy());
    const Statement statements[] = {
        {"UPDATE duet.mapping SET loaded_rows = $2::bigint, updated_at = now() WHERE id = $1::bigint",
         {mapping_id_, std::to_string(rows)}},
        {"COMMIT", {}},
    };
    auto committed = session.run(statements);
    if (!committed) {
      if (session.broken())
        return fail(ErrorKind::outcome_unknown, "the connection to PostgreSQL was lost during COMMIT");
      return std::unexpected(std::move(committed).error());
    }
    finished_ = true;
    // Statistics make people's queries good at once; the load is done without them.
    (void)session.query(fmt::format("ANALYZE {}", table_));
    return rows;
  }

 private:
  std::shared_ptr<StoreSession> store_;
  std::string mapping_id_;
  std::string table_;
  bool finished_ = false;
};

}  // namespace

Result<std::unique_ptr<ports::CopySink>> begin_copy(std::shared_ptr<StoreSession> store, const Mapping& mapping) {
  Session& session = store->session();
  const MappedTable& table = store->table(mapping);
  const Rows used =
      DUET_TRY(session.query(fmt::format("SELECT EXISTS (SELECT FROM {0}) OR EXISTS (SELECT FROM {1} WHERE table_name "
                                         "= $2) OR EXISTS (SELECT FROM {1}_archive WHERE table_name = $2) "
                                         "OR EXISTS (SELECT FROM duet.lane WHERE mapping_id = $1::bigint)",
                                         table.qualified, table.log),
                             {std::to_string(mapping.id), mapping.table}));
  if (used.boolean(0, 0)) return std::unique_ptr<ports::CopySink>();
  std::string columns;
  for (const std::string& column : codec::copy_columns(mapping)) {
    columns += fmt::format("{}{}", columns.empty() ? "" : ", ", session.identifier(column));
  }
  // A load takes as long as it takes; only silence ends it.
  DUET_TRY(
      session.execute("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"));
  auto sink = std::make_unique<PgCopySink>(store, mapping);
  DUET_TRY(session.start_copy(fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)", table.qualified, columns)));
  return std::unique_ptr<ports::CopySink>(std::move(sink));
}

}  // namespace duet::postgres
