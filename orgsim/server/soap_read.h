#pragma once

#include <optional>
#include <string>

#include "orgsim/server/org_host.h"
#include "orgsim/server/query_cursors.h"
#include "orgsim/server/soap_message.h"

namespace orgsim {

/// One authenticated SOAP call that only reads.
struct SoapReadCall {
  const SoapCall& call;
  OrgHost& host;
  QueryCursors& cursors;
  std::string user_id;
  std::string version;
};

/// query, queryAll, queryMore, describeGlobal, describeSObject, describeSObjects, getUpdated, getDeleted; nothing for
/// every other name.
std::optional<HttpResponse> serve_soap_reads(const SoapReadCall& call);

}  // namespace orgsim
