#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "orgsim/core/fault_plan.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/org_host.h"

namespace orgsim {

/// What a fault does to a chunk of a Bulk load: the job fails or is aborted before it, or none of its rows is written.
struct BulkFault {
  enum class Kind : std::uint8_t { fail, abort, rows };
  Kind kind = Kind::fail;
  Error error;
};

/// Carries out the fault plan on requests and on change events (design §7, faults). Safe from several threads.
class FaultGate {
 public:
  FaultGate(OrgHost& host, std::uint64_t seed)
      : host_(host), plan_(seed), event_plan_(seed + 1), bulk_plan_(seed + 2), row_plan_(seed + 3) {}

  /// The handler's answer, or what the plan puts in its place. Calls to /orgsim/ are never faulty.
  HttpResponse serve(const HttpRequest& request, const HttpHandler& handler);
  /// The fault for a gRPC step, with its delay already waited for; `path` is "/eventbus.v1.PubSub/Subscribe" and such,
  /// the method "GRPC".
  std::optional<Fault> decide_grpc(std::string_view path, std::string_view object);

  /// The fault for the next chunk of a Bulk load; the method is "BULK", `path` as "/jobs/ingest/750…".
  std::optional<BulkFault> decide_bulk(std::string_view path, std::string_view object);

  /// One fault of core/fault_plan.h, one on Bulk loads: {"bulk":"fail|abort|rows","code","message","object",…}, one on
  /// single rows, whoever writes them: {"row":"fail","code","message","fields","method","object",…}, one on events:
  /// {"event":"drop|duplicate|gap|overflow|wildcard","object",…}, or {"event":"stream_reset"|"expire"}, which happens
  /// at once. Returns its id (0 for those two).
  Outcome<std::uint64_t> add(const nlohmann::json& definition);
  void clear();
  nlohmann::json to_json();

 private:
  Outcome<std::uint64_t> add_event_fault(nlohmann::json definition);
  Outcome<std::uint64_t> add_bulk_fault(nlohmann::json definition);
  Outcome<std::uint64_t> add_row_fault(nlohmann::json definition);
  std::optional<Error> row_fate(const Org::RowWrite& write);
  EventFate event_fate(const ChangeEvent& event);
  void pause(std::int64_t delay_ms);

  OrgHost& host_;
  std::mutex mutex_;
  FaultPlan plan_;
  FaultPlan event_plan_;
  FaultPlan bulk_plan_;
  FaultPlan row_plan_;
  std::map<std::uint64_t, EventFate> fates_;
  std::map<std::uint64_t, BulkFault> bulk_faults_;
  std::map<std::uint64_t, Error> row_faults_;
};

/// The sObject that a REST request is about, by path, query or body; empty when it names none.
std::string object_of(const HttpRequest& request);

}  // namespace orgsim
