#pragma once

#include <string>

#include "orgsim/core/writer.h"
#include "orgsim/server/api_usage.h"
#include "orgsim/server/oauth.h"
#include "orgsim/server/org_host.h"
#include "orgsim/server/query_cursors.h"
#include "orgsim/server/sessions.h"
#include "orgsim/server/soap_message.h"

namespace orgsim {

/// The partner SOAP API (spec §1.3): login, logout, getUserInfo, getServerTimestamp, and the calls that write and read
/// records. The enterprise endpoint takes the calls about the session.
class SoapApi {
 public:
  SoapApi(OrgHost& host, Sessions& sessions, ApiUsage& usage, OAuth& oauth)
      : host_(host), sessions_(sessions), usage_(usage), oauth_(oauth) {}

  /// `/services/Soap/{u|c}/{version}[/{org}]`.
  HttpResponse serve(const HttpRequest& request);

 private:
  HttpResponse login(const HttpRequest& request, const SoapCall& call, const std::string& version);
  HttpResponse logout(const SoapCall& call);
  HttpResponse get_user_info(const std::string& user_id);
  HttpResponse get_server_timestamp();
  std::string user_info(const std::string& user_id) const;

  OrgHost& host_;
  Sessions& sessions_;
  ApiUsage& usage_;
  OAuth& oauth_;
  QueryCursors cursors_;
};

/// One authenticated call that writes or reads records.
struct SoapRecordsCall {
  const HttpRequest& request;
  const SoapCall& call;
  OrgHost& host;
  Writer writer;
  std::string version;
};

/// create, update, upsert, delete, undelete, emptyRecycleBin, retrieve, merge, convertLead; a fault for every other
/// name.
HttpResponse serve_soap_records(const SoapRecordsCall& call);
/// merge and convertLead.
HttpResponse serve_soap_merge(const SoapRecordsCall& call);
/// One <sObjects>: type, fieldsToNull, Id and fields; a field with elements inside is a parent named by its external
/// id.
BatchRecord soap_record(const pugi::xml_node& node);

}  // namespace orgsim
