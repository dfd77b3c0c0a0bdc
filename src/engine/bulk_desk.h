#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "model/bulk_job.h"
#include "model/mapping.h"
#include "ports/bulk.h"

namespace duet::engine {

/// A filled job on its way from the worker that claims to the one that runs jobs.
struct FilledJob {
  const Mapping* mapping = nullptr;
  BulkJob job;
  std::unique_ptr<ports::JobUpload> upload;
};

/// Where filled jobs are handed over. A job that is lost here is found in the store. Thread safe.
class BulkDesk {
 public:
  void put(FilledJob job) {
    std::lock_guard lock(mutex_);
    filled_.push_back(std::move(job));
  }
  std::vector<FilledJob> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(filled_, {});
  }
  /// Jobs that are being filled: the store knows them, and nobody else may touch them yet.
  void set_filling(std::vector<std::string> tokens) {
    std::lock_guard lock(mutex_);
    filling_ = std::move(tokens);
  }
  bool is_filling(const std::string& token) const {
    std::lock_guard lock(mutex_);
    for (const std::string& each : filling_) {
      if (each == token) return true;
    }
    for (const FilledJob& each : filled_) {
      if (each.job.token == token) return true;
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<FilledJob> filled_;
  std::vector<std::string> filling_;
};

}  // namespace duet::engine
