#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/bulk.h"
#include "engine/inbound.h"
#include "engine/outbound.h"
#include "engine/poll.h"
#include "engine/settle.h"
#include "engine/timing.h"
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
  std::uint64_t frozen = 0;       ///< conflicts that waited for a person
  std::uint64_t decisions = 0;    ///< of people, that were done
  std::uint64_t stale = 0;        ///< of people, that came too late
  std::uint64_t conditional = 0;  ///< writes on condition
  std::uint64_t merged = 0;       ///< fields with a merge function whose value was proved to have both sides' changes
  std::uint64_t echoes = 0;       ///< events of our own writes
  std::uint64_t spurious = 0;     ///< conflicts with a value that only we ever wrote
};

/// Who did what to a field with a merge function: an edit of a row or of a record.
struct PartEdit {
  std::string field;
  std::int64_t row_id = 0;
  std::string sfid;
  double added = 0;               ///< N__c
  std::set<std::string> in = {};  ///< items or lines
  std::set<std::string> out = {};
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
  Statistics& statistics() { return statistics_; }
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
  const std::vector<PartEdit>& part_edits() const { return part_edits_; }
  /// Whether every change can be accounted for: no event is lost, nothing is deleted.
  bool accountable() const { return !deletes_ && org_->faults_were_visible; }
  /// And no answer is lost.
  bool exact() const { return accountable() && !answers_lost_; }
  bool deletes() const { return deletes_; }
  /// What was wrong when a person looked at an issue.
  const std::vector<std::string>& complaints() const { return complaints_; }
  /// Of everything that happened, in order.
  std::uint64_t hash() const { return hash_; }

 private:
  void configure();
  void draw_policies();
  void decide_held();
  void check_issue(const Record& record);
  void edit_parts(FieldValues& values, const FieldValues& visible, std::int64_t row_id, const std::string& sfid);
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
  std::unique_ptr<engine::Governor> governor_;
  std::unique_ptr<engine::BulkDesk> desk_;
  std::unique_ptr<ports::InlineSender> sender_;
  std::unique_ptr<engine::OutboundWorker> outbound_;
  std::unique_ptr<engine::BulkWorker> bulk_;
  std::unique_ptr<engine::SettleWorker> settle_;
  std::unique_ptr<engine::PollWorker> poll_;
  std::unique_ptr<engine::Timing> timing_;
  std::set<const engine::Worker*> stepping_;

  Statistics statistics_;
  std::set<std::string> seen_over_;
  std::set<std::string> app_values_;
  std::set<std::string> undeleted_;
  std::set<std::string> brought_back_;
  std::vector<PartEdit> part_edits_;
  std::vector<std::string> complaints_;
  std::vector<std::string> functions_;  ///< fields with a merge function
  std::uint64_t parts_ = 0;
  bool restarts_ = false;  ///< the process is restarted now and then, in good order
  std::set<std::string> removed_keys_;
  bool puts_back_ = false;
  bool faulty_ = false;
  bool quiet_ = false;
  bool deletes_ = false;
  bool answers_lost_ = false;
  int depth_ = 0;
  std::uint64_t values_ = 0;
  std::uint64_t hash_ = 1469598103934665603ULL;
  bool trace_ = false;
};

}  // namespace duet::simulation
