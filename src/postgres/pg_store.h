#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ports/store.h"
#include "postgres/store_session.h"

namespace duet::postgres {

/// ports::Store on PostgreSQL. Connects at the first call, and again after the connection broke. One instance per
/// worker. The schema duet and the mapped tables must be there (migrate, install_synced_schema, ensure_table).
class PgStore final : public ports::Store {
 public:
  explicit PgStore(StoreOptions options);
  ~PgStore() override;

  Result<std::unique_ptr<ports::StoreTransaction>> begin() override;
  Result<std::optional<std::string>> position(const std::string& source) override;
  Result<std::vector<RecordRef>> find_pending(const Mapping& mapping, TimeMs now, std::size_t limit) override;
  Result<std::vector<RecordRef>> find_unsettled(const Mapping& mapping, const ports::UnsettledQuery& query,
                                                std::size_t limit) override;
  Result<std::vector<RecordRef>> find_in_flight(const Mapping& mapping) override;
  Result<std::vector<RecordRef>> find_parked(const Mapping& mapping, std::string_view reason,
                                             std::size_t limit) override;
  Result<std::vector<RecordRef>> find_released(const Mapping& mapping, const MappedField& field, const Mapping* parent,
                                               TimeMs now, std::size_t limit) override;
  Result<std::vector<RecordRef>> find_abandoned(const Mapping& mapping, std::size_t limit) override;
  Result<std::vector<BulkJob>> jobs(const Mapping& mapping) override;
  Result<CapturedCounts> count_captured(const Mapping& mapping, long limit) override;
  Result<Breaker> breaker(const Mapping& mapping) override;
  Result<ports::LoadProgress> load_progress(const Mapping& mapping) override;
  Result<std::unique_ptr<ports::CopySink>> begin_copy(const Mapping& mapping) override;
  Result<ports::SpooledEvents> spooled(const Mapping& mapping, std::size_t limit) override;
  Result<std::vector<std::string>> list_sfids(const Mapping& mapping, const std::string& after,
                                              std::size_t limit) override;
  Result<std::optional<ports::RangeDirty>> range_dirty(const Mapping& mapping) override;
  Result<std::vector<ports::StaleMark>> find_stale(const Mapping& mapping, TimeMs now, std::size_t limit) override;
  Result<TimeMs> now() override;

 private:
  Result<std::shared_ptr<StoreSession>> connected();
  Result<Rows> query(std::string_view sql, std::vector<Param> params = {});

  StoreOptions options_;
  std::shared_ptr<StoreSession> session_;
};

}  // namespace duet::postgres
