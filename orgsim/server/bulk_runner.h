#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "orgsim/server/bulk_load.h"
#include "orgsim/server/fault_gate.h"

namespace orgsim {

/// Works off queued loads on a few threads, chunk by chunk, as an org's asynchronous workers do: bulk_queue_ms before a
/// load starts, bulk_chunk_ms before each chunk. Faults of the plan for method "BULK" are asked for before each chunk.
/// Safe from several threads.
class BulkRunner {
 public:
  static constexpr std::size_t kThreadsMax = 4;

  BulkRunner(OrgHost& host, FaultGate& faults) : host_(host), faults_(faults) {}
  /// The loads under way end after their chunk. The host must have been stopped, so that nothing waits for long.
  ~BulkRunner();
  BulkRunner(const BulkRunner&) = delete;

  /// Starts work on a load whose state is upload_complete.
  void add(std::shared_ptr<BulkLoad> load);

 private:
  void work();
  std::shared_ptr<BulkLoad> take(std::unique_lock<std::mutex>& lock);
  void run(BulkLoad& load);
  bool run_chunk(BulkLoad& load, BulkRows& rows);
  /// False when the fault ends the load.
  bool apply_fault(BulkLoad& load, std::size_t records, OrgHost::Access& org, bool& chunk_done);

  OrgHost& host_;
  FaultGate& faults_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<BulkLoad>> queue_;
  std::set<std::string> busy_lanes_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace orgsim
