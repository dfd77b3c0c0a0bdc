#include "runtime/worker_group.h"

#include <algorithm>

namespace duet::runtime {
namespace {

constexpr TimeMs kLongestWaitMs = 60'000;
constexpr TimeMs kRepeatedLogMs = 60'000;

}  // namespace

struct WorkerGroup::Member {
  std::string name;
  std::unique_ptr<engine::Worker> worker;
  BackOff back_off;
  RepeatLimiter repeats;
  TimeMs not_before;  ///< monotonic
  std::optional<Error> error;
};

WorkerGroup::WorkerGroup(std::string name, RetryPace pace, ports::Clock& clock, ports::Random& random)
    : name_(std::move(name)), pace_(pace), clock_(clock), random_(random) {}

WorkerGroup::~WorkerGroup() = default;

void WorkerGroup::add(std::string name, std::unique_ptr<engine::Worker> worker) {
  auto member = std::make_unique<Member>(Member{std::move(name), std::move(worker),
                                                BackOff(pace_.base_ms, pace_.limit_ms, random_),
                                                RepeatLimiter(kRepeatedLogMs), 0, std::nullopt});
  members_.push_back(std::move(member));
}

Result<engine::Step> WorkerGroup::step() {
  engine::Step whole{false, kLongestWaitMs};
  for (const auto& member : members_) {
    const TimeMs now = clock_.monotonic();
    if (member->not_before > now) {
      whole.wait_ms = std::min(whole.wait_ms, member->not_before - now);
      continue;
    }
    const Result<engine::Step> step = member->worker->step();
    if (step) {
      member->back_off.reset();
      member->error.reset();
      member->not_before = step->worked ? 0 : clock_.monotonic() + step->wait_ms;
      whole.worked |= step->worked;
      whole.wait_ms = std::min(whole.wait_ms, step->wait_ms);
      continue;
    }
    // Only an end of the whole process stops a member for good; what a person must put right is tried again at the
    // slowest pace.
    if (step.error().kind == ErrorKind::cancelled) return step;
    const bool slow = policy_of(step.error().kind).reaction == Reaction::stop;
    const TimeMs wait_ms = slow ? pace_.limit_ms : member->back_off.after(step.error());
    member->error = step.error();
    member->not_before = clock_.monotonic() + wait_ms;
    whole.wait_ms = std::min(whole.wait_ms, wait_ms);
    if (const auto left_out = member->repeats.pass(describe(step.error()), clock_.monotonic())) {
      log_error(LogLevel::warn, "worker failed, will try again", step.error(),
                {{"worker", member->name}, {"retry_in_ms", wait_ms}, {"repeated", *left_out}});
    }
  }
  return whole;
}

std::optional<Error> WorkerGroup::current_error() const {
  auto failed = std::ranges::find_if(members_, [](const auto& member) { return member->error.has_value(); });
  return failed == members_.end() ? std::nullopt : (*failed)->error;
}

}  // namespace duet::runtime
