#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/logging.h"
#include "engine/worker.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "runtime/back_off.h"

namespace duet::runtime {

struct RetryPace {
  TimeMs base_ms = 1'000;
  TimeMs limit_ms = 60'000;
};

/// Several workers that take turns on one thread. An error of one makes only that one wait.
class WorkerGroup final : public engine::Worker {
 public:
  WorkerGroup(std::string name, RetryPace pace, ports::Clock& clock, ports::Random& random);
  ~WorkerGroup() override;

  void add(std::string name, std::unique_ptr<engine::Worker> worker);

  std::string_view name() const override { return name_; }
  Result<engine::Step> step() override;
  /// The error of a member that waits to try again, if there is one.
  std::optional<Error> current_error() const;

 private:
  struct Member;

  std::string name_;
  RetryPace pace_;
  ports::Clock& clock_;
  ports::Random& random_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace duet::runtime
