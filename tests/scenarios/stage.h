#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/inbound.h"
#include "engine/outbound.h"
#include "engine/poll.h"
#include "engine/settle.h"
#include "engine/timing.h"
#include "scenario.h"
#include "simulation/fake_store.h"
#include "simulation/org_adapter.h"

namespace duet::scenarios {

/// The simulation's org and table with Duet's workers between them, moved by the steps of a scenario and by nothing
/// else: no chance, no time of day.
class Stage {
 public:
  Stage(const Variant& variant, bool trace);

  /// Throws std::runtime_error when the step is not understood or cannot be done.
  void run(const std::string& step);

  /// What both sides hold, what Duet sent, and what it wrote down. Throws when a step waits for a call that never came.
  std::string outcome() const;

 private:
  std::string state() const;
  void start_workers();
  bool arm(const std::string& step);
  void disarm();
  void act(const std::string& step);
  bool act_engine(const std::string& step);
  void act_app(const std::vector<std::string>& words);
  void act_person(const std::vector<std::string>& words);
  void act_operator(const std::vector<std::string>& words);
  bool step(engine::Worker& worker);
  void take_over();
  void poll();
  void run_until_idle();
  void meanwhile();
  std::string sfid(const std::string& label) const;
  std::string with_labels(std::string text) const;

  simulation::SimRandom random_{1};
  simulation::SimClock clock_;
  simulation::OrgAdapter org_;
  std::unique_ptr<simulation::FakeStore> store_;
  engine::Connection connection_;
  engine::Settings settings_;
  engine::Counters counters_;
  std::unique_ptr<engine::StreamHorizon> horizon_;
  std::unique_ptr<ports::EventStream> stream_;
  std::unique_ptr<engine::InboundWorker> inbound_;
  std::unique_ptr<engine::Governor> governor_;
  std::unique_ptr<engine::BulkDesk> desk_;
  std::unique_ptr<ports::InlineSender> sender_;
  std::unique_ptr<engine::OutboundWorker> outbound_;
  std::unique_ptr<engine::SettleWorker> settle_;
  std::unique_ptr<engine::PollWorker> poll_;
  std::unique_ptr<engine::Timing> timing_;

  std::string shown_;  ///< the state at each `show`
  bool trace_;
  bool armed_ = false;              ///< a fault is set for the next step
  std::vector<std::string> calls_;  ///< what the org ran for us
  /// Steps for the next call: while it is on its way, and after the org ran it.
  std::vector<std::string> on_the_way_;
  std::vector<std::string> before_the_reply_;
  std::vector<const engine::Worker*> stepping_;
  int borders_ = 0;  ///< how often the running worker's calls have left or come back
};

}  // namespace duet::scenarios
