#pragma once

#include "postgres/doorbell.h"
#include "runtime/worker_runner.h"

namespace duet::runtime {

/// The doorbell of the trigger log as the bell of the outbound worker.
class DoorbellBell final : public Bell {
 public:
  DoorbellBell(std::string url, const std::string& schema) : doorbell_(std::move(url), schema) {}

  Result<void> wait(TimeMs wait_ms) override {
    (void)DUET_TRY(doorbell_.wait(wait_ms));
    return {};
  }

 private:
  postgres::Doorbell doorbell_;
};

}  // namespace duet::runtime
