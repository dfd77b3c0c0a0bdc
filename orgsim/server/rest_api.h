#pragma once

#include "orgsim/server/bulk_service.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/query_cursors.h"
#include "orgsim/server/recent_items.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/sessions.h"

namespace orgsim {

/// Everything under /services/data: versions without a session, the rest with one, counted against the daily limit.
class RestApi {
 public:
  RestApi(OrgHost& host, Sessions& sessions, ApiUsage& usage, BulkService& bulk, StreamingEvents& streaming);

  /// `segments` are those after "services"/"data".
  HttpResponse serve(const HttpRequest& request, std::vector<std::string> segments);

 private:
  /// Whether as many requests run for long as may.
  bool is_busy();
  HttpResponse dispatch(const RestCall& call);
  HttpResponse dispatch_composite(const RestCall& call);
  HttpResponse dispatch_objects(const RestCall& call);

  OrgHost& host_;
  Sessions& sessions_;
  ApiUsage& usage_;
  QueryCursors cursors_;
  RecentItems recent_;
  RestEnvironment environment_;
};

}  // namespace orgsim
