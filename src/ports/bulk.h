#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ports/org.h"

namespace duet::ports {

enum class JobState {
  open,      ///< it has not run and will not run by itself
  running,   ///< it may run from now on
  complete,  ///< it has run; what became of each record is in its results
  failed,    ///< it ended early; the results tell what was applied before
  aborted,
  gone,  ///< the org does not know it (any more)
};

struct JobStatus {
  JobState state = JobState::open;
  std::string message;  ///< the org's, where it failed
};

/// What became of one record of a job.
struct JobOutcome {
  std::string sfid;
  std::string external_id;
  SendOutcome outcome;  ///< accepted, rejected, or not_sent where the job ended before
};

/// A job that is being filled. Its size is bounded. Nothing of it runs before Bulk::start().
class JobUpload {
 public:
  virtual ~JobUpload() = default;
  /// The org's Id of the job.
  virtual const std::string& id() const = 0;
  /// Adds a record; those with the same `parent` go next to each other. False when the job is full and the record is
  /// not in it. `bad_data` when a value cannot be written.
  virtual Result<bool> add(const SendRecord& record, const std::string& parent) = 0;
  /// Gives the rows to the org.
  virtual Result<void> upload() = 0;
};

/// The results of a job that has ended: successful, failed and unprocessed records, in no order.
class JobResults {
 public:
  virtual ~JobResults() = default;
  /// Some more; empty at the end.
  virtual Result<std::vector<JobOutcome>> next() = 0;
};

/// Jobs that write many records (Bulk API 2.0 ingest, spec/salesforce-api.md §3.1): the org carries them out by itself,
/// and says at any time whether it has. One thread at a time.
class Bulk {
 public:
  virtual ~Bulk() = default;

  /// `token` goes into the change events of what the job writes. Creates need the mapping's upsert field.
  virtual Result<std::unique_ptr<JobUpload>> open(const Mapping& mapping, AttemptKind kind,
                                                  const std::string& token) = 0;
  /// From now on it may run. May be repeated; an answer that is lost changes nothing: status() tells.
  virtual Result<void> start(const std::string& job_id) = 0;
  virtual Result<void> abort(const std::string& job_id) = 0;
  virtual Result<JobStatus> status(const std::string& job_id) = 0;
  virtual Result<std::unique_ptr<JobResults>> results(const Mapping& mapping, AttemptKind kind,
                                                      const std::string& job_id) = 0;
};

}  // namespace duet::ports
