#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/store.h"
#include "postgres/record_lock.h"
#include "postgres/store_session.h"

namespace duet::postgres {

/// One transaction of PgStore.
class PgTransaction final : public ports::StoreTransaction {
 public:
  explicit PgTransaction(std::shared_ptr<StoreSession> store) : transaction_(std::move(store)) {}

  Result<std::vector<Record>> lock(const Mapping& mapping, std::span<const RecordRef> refs) override;
  Result<std::vector<ports::CreateIntent>> find_creates(const Mapping& mapping, std::size_t limit) override;
  Result<std::vector<ports::MatchingRow>> find_matches(const Mapping& mapping,
                                                       std::span<const ports::WantedMatch> wanted) override;
  Result<std::vector<ports::WriteFailure>> write(const Mapping& mapping,
                                                 std::span<const ports::RecordWrite> writes) override;
  Result<void> set_position(const std::string& source, const std::string& position) override;
  Result<void> spool(const Mapping& mapping, std::span<const ChangeEvent> events) override;
  Result<void> unspool(const Mapping& mapping, long up_to) override;
  Result<void> set_mapping_state(const Mapping& mapping, ports::MappingState state) override;
  Result<long> purge_tombstones(const Mapping& mapping, TimeMs now) override;
  Result<void> mark_range_dirty(const Mapping& mapping, TimeMs since, const std::string& reason) override;
  Result<void> clear_range_dirty(const Mapping& mapping) override;
  Result<void> raise_issue(const Mapping* mapping, const Issue& issue) override;
  Result<void> resolve_issue(const Mapping& mapping, std::string_view kind, std::string_view code) override;
  Result<Breaker> lock_breaker(const Mapping& mapping) override;
  Result<void> set_breaker(const Mapping& mapping, const Breaker& breaker) override;
  Result<void> put_job(const Mapping& mapping, const BulkJob& job) override;
  Result<void> remove_job(const Mapping& mapping, const std::string& token) override;
  Result<long> count_captured_deletes(const Mapping& mapping, long limit) override;
  Result<void> mark_stale(std::span<const ports::StaleScope> scopes, TimeMs due) override;
  Result<void> clear_stale(const Mapping& mapping, std::span<const ports::StaleMark> marks) override;
  Result<void> put_off_stale(const Mapping& mapping, std::span<const ports::StaleMark> marks, TimeMs due) override;
  Result<void> commit() override;

 private:
  /// A Record comes back from the caller as a copy: its ref tells which one it was.
  struct RefOrder {
    bool operator()(const RecordRef& a, const RecordRef& b) const;
  };
  using LockedRecords = std::map<RecordRef, LockedRecord, RefOrder>;

  TransactionSession transaction_;
  std::map<std::int64_t, LockedRecords> locked_;  ///< by mapping id
};

}  // namespace duet::postgres
