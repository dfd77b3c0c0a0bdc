#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/bulk_desk.h"
#include "engine/flights.h"
#include "engine/outbound_parts.h"

namespace duet::engine {

/// Puts claimed attempts into Bulk jobs where so much of one object is waiting that calls would cost more (design §4
/// "transport by size, deadline and budget"). The job's Id is committed before any attempt carries its token. Runs on
/// the outbound worker's thread.
class JobFiller {
 public:
  explicit JobFiller(const OutboundParts& parts) : parts_(parts) {}

  struct Choice {
    const JobTicket* ticket = nullptr;  ///< the job that takes the mapping's changes of one kind; none: calls do
    bool wait = false;                  ///< a first call is to tell how fast the org is
  };
  /// Begins a job when enough is waiting. `full`: the claim takes as much as it may.
  Result<Choice> choose(const Mapping& mapping, bool full, const Flights& flights);
  /// Takes the attempts with the job's token out of `claimed`. Those for which there is no room come back answered as
  /// not sent.
  Result<std::vector<ClaimedAttempt>> take(const Mapping& mapping, std::vector<ClaimedAttempt>& claimed);
  /// Nothing more is coming: the job goes on its way.
  void close(const Mapping& mapping);
  void close_all();

 private:
  struct Filling {
    BulkJob job;
    JobTicket ticket;
    std::unique_ptr<ports::JobUpload> upload;
    std::size_t records = 0;
    bool full = false;
  };

  Result<void> begin(const Mapping& mapping, AttemptKind kind);
  void tell_desk();

  const OutboundParts& parts_;
  std::map<const Mapping*, Filling> filling_;
  std::map<const Mapping*, TimeMs> ask_at_;
};

}  // namespace duet::engine
