#pragma once

#include "orgsim/server/bulk1_job.h"
#include "orgsim/server/bulk_ingest.h"
#include "orgsim/server/bulk_query.h"
#include "orgsim/server/bulk_runner.h"

namespace orgsim {

/// Everything that the Bulk APIs keep between requests. Safe from several threads, as its parts are.
struct BulkService {
  BulkService(OrgHost& host, FaultGate& fault_gate) : faults(fault_gate), runner(host, fault_gate) {}

  FaultGate& faults;
  BulkIds ids;
  BulkIngestJobs ingest;
  BulkQueryJobs queries;
  Bulk1Jobs classic;
  BulkRunner runner;
};

}  // namespace orgsim
