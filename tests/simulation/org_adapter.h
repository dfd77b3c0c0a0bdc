#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ports/bulk.h"
#include "ports/event_stream.h"
#include "ports/org.h"
#include "sim_time.h"

namespace duet::simulation {

/// How the network and the org misbehave, in percent of the calls or events.
struct OrgFaults {
  unsigned drop = 0;        ///< the request is lost before the org sees it
  unsigned lost_reply = 0;  ///< the org commits, the answer is lost
  unsigned late = 0;        ///< the answer is lost, and the org runs the request later, within its request limit
  unsigned not_sent = 0;
  unsigned locked = 0;  ///< UNABLE_TO_LOCK_ROW, per record
  unsigned read_fails = 0;
  unsigned crash = 0;  ///< our process dies before or after the org has run the request
  unsigned event_missing = 0;
  unsigned event_duplicate = 0;
  unsigned event_again = 0;  ///< an event of some time ago is delivered once more
  unsigned event_gap = 0;
  unsigned automation_changes = 0;  ///< a before-save rule sets another value, of the written field or of one beside it
  unsigned automation_puts_back = 0;  ///< a before-save rule puts the old value back
  TimeMs request_limit_ms = 0;
};

/// One value that a field of an org record had. An empty field name: we deleted the record.
struct OrgVersion {
  std::string sfid;
  std::string field;
  Value value;
  bool ours = false;        ///< written in a transaction of the integration user
  bool automation = false;  ///< not what the writer sent
  bool unconditional = true;
};

struct OrgRecord {
  std::string sfid;
  bool deleted = false;
  FieldValues fields;
};

/// The simulator's deterministic core as the engine's org and event stream, plus the people who work in it and the
/// oracle who sees all. The one place that includes both sides.
class OrgAdapter final : public ports::Org, public ports::Bulk {
 public:
  OrgAdapter(std::uint64_t seed, SimClock& clock, SimRandom& random);
  ~OrgAdapter() override;

  OrgFaults faults;
  bool faults_were_visible = true;  ///< no event is lost or replaced by a gap
  std::uint64_t conditional_writes = 0;
  /// What the org's automation does with the next record that is saved, for scenarios: it sets fields, or refuses.
  struct Automation {
    FieldValues sets;
    std::string refuses;  ///< an error code; empty: the write goes on
  };
  std::optional<Automation> next_save;
  /// Called while a request is on its way and while its answer is: other actors may act.
  std::function<void()> meanwhile;
  /// Told what the org did with our requests and what the stream delivered, in words; for traces.
  std::function<void(const std::string&)> tell;
  /// A fresh value that has never been used.
  std::function<std::string()> new_value;

  const Mapping& mapping() const { return mapping_; }
  Mapping& mutable_mapping() { return mapping_; }
  /// The org also has N__c (double), M__c (multipicklist) and T__c (textarea), for merge functions.
  void map_field(const std::string& name, FieldType type, ConflictPolicy policy);

  // People.
  std::string person_creates(const std::string& key, const FieldValues& values);
  bool person_updates(const std::string& sfid, const FieldValues& values);
  bool person_removes(const std::string& sfid);
  bool person_undeletes(const std::string& sfid);

  /// Runs what is late; to be called when time has moved. How many requests are still to run.
  std::size_t run_late();

  // The oracle.
  std::vector<OrgRecord> records() const;
  const std::vector<OrgVersion>& versions() const { return versions_; }
  /// Values whose events nobody will deliver: what covers them leaves no trace.
  const std::set<std::string>& untold() const { return untold_; }
  /// Values that the org's automation replaced, of fields that the writer had not sent.
  const std::set<std::string>& seen_by_automation() const { return seen_by_automation_; }

  /// Records of which a write of ours had some fields of a group and not all.
  const std::vector<std::string>& parted_groups() const { return parted_groups_; }
  /// Events of our own writes that were delivered.
  std::uint64_t echoes() const { return echoes_; }

  std::unique_ptr<ports::EventStream> make_stream();

  // ports::Org
  Result<ports::OrgIdentity> identity() override;
  Result<std::vector<ports::ObjectSummary>> list_objects() override;
  Result<ObjectSchema> describe(const std::string& object) override;
  Result<bool> has_change_events(const std::string& object) override;
  ports::ClockOffset clock_offset() override { return {offset_ms_, 50}; }
  std::optional<ports::ApiUsage> api_usage() override { return std::nullopt; }
  std::vector<ports::SendOutcome> send(const Mapping& mapping, const ports::SendBatch& batch) override;
  Result<std::vector<RecordRead>> read(const Mapping& mapping, std::span<const std::string> sfids) override;
  Result<std::vector<RecordRead>> read_by_key(const Mapping& mapping, std::span<const std::string> keys) override;
  Result<std::vector<RecordRead>> read_by_match(const Mapping& mapping, std::span<const FieldValues> wanted) override;
  Result<ports::ReadPage> changed(const Mapping& mapping, TimeMs from, TimeMs to, const std::string& after_id) override;
  Result<ports::DeletedPage> deleted(const Mapping& mapping, TimeMs from, TimeMs to) override;
  Result<long> count(const Mapping& mapping) override;
  Result<std::unique_ptr<ports::BulkReader>> bulk_query(const Mapping& mapping) override;

  // ports::Bulk
  Result<std::unique_ptr<ports::JobUpload>> open(const Mapping& mapping, AttemptKind kind,
                                                 const std::string& token) override;
  Result<void> start(const std::string& job_id) override;
  Result<void> abort(const std::string& job_id) override;
  Result<ports::JobStatus> status(const std::string& job_id) override;
  Result<std::unique_ptr<ports::JobResults>> results(const Mapping& mapping, AttemptKind kind,
                                                     const std::string& job_id) override;

  struct Impl;

 private:
  friend class AdapterJobs;
  void run_jobs();
  /// What may happen to a call of the job API: nothing, a failure before, or one after it.
  enum class Fate { good, lost_before, lost_after };
  Fate fate();

  friend class AdapterStream;
  std::vector<ports::SendOutcome> run(const ports::SendBatch& batch);

  SimClock& clock_;
  SimRandom& random_;
  Mapping mapping_;
  TimeMs offset_ms_ = 0;
  std::uint64_t echoes_ = 0;
  std::vector<std::string> parted_groups_;
  std::vector<OrgVersion> versions_;
  std::set<std::string> untold_;
  std::set<std::string> seen_by_automation_;
  std::deque<ChangeEvent> delivered_;  ///< the newest
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::simulation
