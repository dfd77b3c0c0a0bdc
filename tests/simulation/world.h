#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/inbound.h"
#include "engine/outbound.h"
#include "engine/poll.h"
#include "engine/settle.h"
#include "fake_store.h"
#include "org_adapter.h"
#include "sim_time.h"

namespace duet::simulation {

/// What happened in a history, for the summary and for the checkers.
struct Statistics {
  std::uint64_t crashes = 0;
  std::uint64_t unknown = 0;
  std::uint64_t held = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t late_conflicts = 0;
  std::uint64_t deletes = 0;
  std::uint64_t dirty = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t edits = 0;
};

/// One seeded history: an org with people and automation, a table with an app, and Duet's workers between them, until
/// all is quiet.
class World {
 public:
  explicit World(std::uint64_t seed, bool trace = false);
  ~World();

  void run();

  const OrgAdapter& org() const { return *org_; }
  FakeStore& store() { return *store_; }
  const Mapping& mapping() const { return org_->mapping(); }
  const Statistics& statistics() const { return statistics_; }
  /// Values that somebody overwrote who could see them.
  const std::set<std::string>& seen_over() const { return seen_over_; }
  /// Values that the app committed.
  const std::set<std::string>& app_values() const { return app_values_; }
  bool puts_back() const { return puts_back_; }
  /// Whether something is still on its way.
  bool at_rest();
  std::string rest_reason();
  /// Records that a person took out of the recycle bin.
  const std::set<std::string>& undeleted() const { return undeleted_; }
  /// Values that the app had replaced and set again.
  const std::set<std::string>& brought_back() const { return brought_back_; }
  /// Of everything that happened, in order.
  std::uint64_t hash() const { return hash_; }

 private:
  void configure();
  void start_workers();
  void act();
  void disturb();
  void step_worker();
  void step(engine::Worker& worker);
  void settle_down();

  void app_inserts();
  void app_updates();
  void app_takes_back();
  void app_removes();
  void person_creates();
  void person_updates();
  void person_removes();
  void person_undeletes();

  std::string new_value();
  FieldValues some_values(unsigned null_percent);
  void note(std::string_view what, std::string_view detail = {});

  SimRandom random_;
  SimClock clock_;
  std::unique_ptr<OrgAdapter> org_;
  std::unique_ptr<FakeStore> store_;
  engine::Connection connection_;
  engine::Settings settings_;
  engine::Counters counters_;
  std::unique_ptr<engine::StreamHorizon> horizon_;
  std::unique_ptr<ports::EventStream> stream_;
  std::unique_ptr<engine::InboundWorker> inbound_;
  std::unique_ptr<ports::InlineSender> sender_;
  std::unique_ptr<engine::OutboundWorker> outbound_;
  std::unique_ptr<engine::SettleWorker> settle_;
  std::unique_ptr<engine::PollWorker> poll_;
  std::set<const engine::Worker*> stepping_;

  Statistics statistics_;
  std::set<std::string> seen_over_;
  std::set<std::string> app_values_;
  std::set<std::string> undeleted_;
  std::set<std::string> brought_back_;
  bool restarts_ = false;  ///< the process is restarted now and then, in good order
  std::set<std::string> removed_keys_;
  bool puts_back_ = false;
  bool faulty_ = false;
  bool quiet_ = false;
  bool deletes_ = false;
  int depth_ = 0;
  std::uint64_t values_ = 0;
  std::uint64_t hash_ = 1469598103934665603ULL;
  bool trace_ = false;
};

}  // namespace duet::simulation
