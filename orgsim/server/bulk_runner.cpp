#include "orgsim/server/bulk_runner.h"

#include <fmt/format.h>

#include <algorithm>

namespace orgsim {

using std::chrono::milliseconds;

BulkRunner::~BulkRunner() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BulkRunner::add(std::shared_ptr<BulkLoad> load) {
  const std::scoped_lock lock(mutex_);
  queue_.push_back(std::move(load));
  if (idle_ == 0 && threads_.size() < kThreadsMax) threads_.emplace_back([this] { work(); });
  changed_.notify_one();
}

std::shared_ptr<BulkLoad> BulkRunner::take(std::unique_lock<std::mutex>& lock) {
  while (!stopping_) {
    const auto found = std::ranges::find_if(
        queue_, [this](const auto& load) { return load->lane.empty() || !busy_lanes_.contains(load->lane); });
    if (found != queue_.end()) {
      std::shared_ptr<BulkLoad> load = std::move(*found);
      queue_.erase(found);
      if (!load->lane.empty()) busy_lanes_.insert(load->lane);
      return load;
    }
    ++idle_;
    changed_.wait(lock);
    --idle_;
  }
  return nullptr;
}

void BulkRunner::work() {
  std::unique_lock lock(mutex_);
  while (const std::shared_ptr<BulkLoad> load = take(lock)) {
    lock.unlock();
    run(*load);
    lock.lock();
    busy_lanes_.erase(load->lane);
    changed_.notify_all();
  }
}

namespace {

/// Whether the upload has more rows than the load may have; it is read once more for that.
bool has_too_many(const BulkLoad& load) {
  if (load.rows_max == 0) return false;
  const auto rows = open_bulk_rows(*load.data, load.format);
  RecordInput record;
  std::size_t count = 0;
  while (rows && count <= load.rows_max && (*rows)->next(record)) ++count;
  return count > load.rows_max;
}

}  // namespace

void BulkRunner::run(BulkLoad& load) {
  std::unique_ptr<BulkRows> rows;
  const bool too_many = has_too_many(load);
  {
    OrgHost::Access org = host_.access();
    org.pause(milliseconds(org->settings().bulk_queue_ms));
    if (org.stopping() || org.replaced() || load.org.lock() != org.share()) return;
    if (load.state != BulkJobState::upload_complete) return;
    load.started_ms = org->now();
    load.change_state(BulkJobState::in_progress, load.started_ms);
    auto opened = open_bulk_rows(*load.data, load.format);
    Outcome<void> checked = opened ? check_columns(*org->schema_for(load.writer.user_id), load, (*opened)->columns())
                                   : Outcome<void>(std::unexpected(opened.error()));
    if (checked && too_many) {
      checked = fail("InvalidBatch", fmt::format("Records not processed: a batch holds at most {}", load.rows_max));
    }
    if (!checked) {
      load.message = checked.error().code + " : " + checked.error().message;
      load.change_state(BulkJobState::failed, org->now());
      org.announce();
      return;
    }
    rows = *std::move(opened);
  }
  while (run_chunk(load, *rows)) {
  }
}

bool BulkRunner::run_chunk(BulkLoad& load, BulkRows& rows) {
  // Parsing needs no org: others work meanwhile.
  std::vector<BatchRecord> records;
  RecordInput input;
  while (records.size() < kBulkChunkRows && rows.next(input)) {
    records.push_back({.object = load.object, .input = std::move(input)});
  }
  OrgHost::Access org = host_.access();
  if (!records.empty()) org.pause(milliseconds(org->settings().bulk_chunk_ms));
  if (org.stopping() || org.replaced() || load.org.lock() != org.share()) return false;
  if (load.state != BulkJobState::in_progress) return false;
  if (!records.empty()) {
    bool chunk_done = false;
    if (!apply_fault(load, records.size(), org, chunk_done)) return false;
    if (!chunk_done) write_chunk(org, load, records);
    if (load.state != BulkJobState::in_progress) return false;
  }
  if (records.size() == kBulkChunkRows) return true;
  const bool broken = !rows.error().code.empty();
  if (broken) load.message = rows.error().code + " : " + rows.error().message;
  load.change_state(broken ? BulkJobState::failed : BulkJobState::job_complete, org->now());
  org.announce();
  return false;
}

bool BulkRunner::apply_fault(BulkLoad& load, std::size_t records, OrgHost::Access& org, bool& chunk_done) {
  const std::optional<BulkFault> fault = faults_.decide_bulk(load.path, load.object);
  if (!fault) return true;
  if (fault->kind == BulkFault::Kind::rows) {
    fail_chunk(load, records, fault->error);
    chunk_done = true;
    return true;
  }
  if (fault->kind == BulkFault::Kind::fail) load.message = fault->error.code + " : " + fault->error.message;
  load.change_state(fault->kind == BulkFault::Kind::fail ? BulkJobState::failed : BulkJobState::aborted, org->now());
  org.announce();
  return false;
}

}  // namespace orgsim
