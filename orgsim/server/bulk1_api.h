#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "orgsim/server/api_usage.h"
#include "orgsim/server/bulk1_job.h"
#include "orgsim/server/bulk_service.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/org_host.h"
#include "orgsim/server/sessions.h"

namespace orgsim {

/// Bulk API 1.0 (spec §3.3): /services/async/XX.0/job…, with jobs, batches and results in CSV, JSON and XML.
class Bulk1Api {
 public:
  Bulk1Api(OrgHost& host, Sessions& sessions, ApiUsage& usage, BulkService& bulk)
      : host_(host), sessions_(sessions), usage_(usage), bulk_(bulk) {}

  /// `segments` are those after "services"/"async".
  HttpResponse serve(const HttpRequest& request, const std::vector<std::string>& segments);

 private:
  struct Call;
  using Job = std::shared_ptr<Bulk1Job>;
  using Batch = std::shared_ptr<Bulk1Batch>;

  HttpResponse dispatch(Call& call);
  HttpResponse create_job(const Call& call);
  HttpResponse serve_job(const Call& call, const OrgHost::Access& org, Bulk1Job& job);
  HttpResponse add_batch(const Call& call, OrgHost::Access& org, const Job& job);
  HttpResponse serve_batch(const Call& call, const Bulk1Job& job);
  Outcome<Batch> make_batch(const Call& call, const OrgHost::Access& org, Bulk1Job& job);
  void start_query(const OrgHost::Access& org, Bulk1Job& job, const Batch& batch);
  void progress(const OrgHost::Access& org, Bulk1Job& job);

  OrgHost& host_;
  Sessions& sessions_;
  ApiUsage& usage_;
  BulkService& bulk_;
};

}  // namespace orgsim
