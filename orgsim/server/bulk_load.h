#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/transaction.h"
#include "orgsim/core/writer.h"
#include "orgsim/server/bulk_dialect.h"
#include "orgsim/server/bulk_rows.h"
#include "orgsim/server/org_host.h"

namespace orgsim {

/// What became of one uploaded record.
struct BulkOutcome {
  enum class Kind : std::uint8_t { unprocessed, created, changed, failed };
  Kind kind = Kind::unprocessed;
  std::array<char, 18> id{};  ///< all zero when there is none
  std::uint32_t error = 0;    ///< place in BulkLoad::errors when failed
  [[nodiscard]] std::string_view id_text() const {
    return id[0] == '\0' ? std::string_view{} : std::string_view(id.data(), id.size());
  }
};

/// One upload of rows and its way into the org: the content of a Bulk API 2.0 job, or one batch of a 1.0 job.
/// Guarded by the org's access, except for what never changes after the upload.
struct BulkLoad {
  // Fixed before the load is queued.
  std::weak_ptr<Org> org;  ///< a reset of the simulator ends the load
  std::string path;        ///< "/jobs/ingest/750…", what a fault is matched by
  Writer writer;
  std::string object;
  Operation operation = Operation::insert;
  std::string key_field;
  BulkFormat format;
  std::shared_ptr<const std::string> data = std::make_shared<std::string>();
  /// More rows than this fail the whole load; 0: as many as there are.
  std::size_t rows_max = 0;
  /// Loads with the same lane run one after the other; empty: with any.
  std::string lane;

  // Progress.
  BulkJobState state = BulkJobState::open;
  std::vector<BulkOutcome> outcomes;  ///< by row; rows after the last are unprocessed
  std::vector<Error> errors;          ///< of failed rows; the same one after the other is kept once
  std::uint64_t failed = 0;
  std::string message;  ///< why the load failed as a whole
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;
  std::int64_t started_ms = 0;
  std::int64_t working_ms = 0;

  [[nodiscard]] std::uint64_t processed() const { return outcomes.size(); }
  void change_state(BulkJobState next, std::int64_t now_ms) {
    state = next;
    changed_ms = now_ms;
  }
};

/// The error text of a row as Bulk words it: "STATUS_CODE:message:FIELD1 FIELD2 --" (spec §3.1).
[[nodiscard]] std::string bulk_error_text(const Error& error);

/// Looks at the columns before the first row is written: "InvalidBatch : Field name not found : Foo__c" and its kin.
[[nodiscard]] Outcome<void> check_columns(const Schema& schema, const BulkLoad& load,
                                          const std::vector<std::string>& columns);

/// Rows of one transaction.
inline constexpr std::size_t kBulkChunkRows = 200;

/// Writes these records in one transaction, waiting for locks, and notes what became of each.
void write_chunk(OrgHost::Access& org, BulkLoad& load, const std::vector<BatchRecord>& records);
/// Notes that none of these records could be written.
void fail_chunk(BulkLoad& load, std::size_t records, const Error& error);

}  // namespace orgsim
