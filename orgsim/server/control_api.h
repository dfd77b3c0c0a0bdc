#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "orgsim/server/api_usage.h"
#include "orgsim/server/call_log.h"
#include "orgsim/server/fault_gate.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/org_host.h"
#include "orgsim/server/sessions.h"

namespace orgsim {

/// The calls under /orgsim/ (design §7): for tests and demos, without a session, without faults, not counted.
class ControlApi {
 public:
  ControlApi(OrgHost& host, Sessions& sessions, ApiUsage& usage, FaultGate& faults, CallLog& calls)
      : host_(host), sessions_(sessions), usage_(usage), faults_(faults), calls_(calls) {}

  HttpResponse serve(const HttpRequest& request);

 private:
  HttpResponse page();
  HttpResponse events(const HttpRequest& request);
  HttpResponse calls(const HttpRequest& request);
  HttpResponse status();
  HttpResponse reset();
  HttpResponse objects(const HttpRequest& request);
  HttpResponse records(const HttpRequest& request, const std::string& object);
  HttpResponse write_records(const std::string& object, const nlohmann::json& body);
  HttpResponse generate(const std::string& object, const nlohmann::json& body);
  HttpResponse merge(const std::string& object, const nlohmann::json& body);
  HttpResponse read_records(const HttpRequest& request, const std::string& object);
  HttpResponse history(const std::string& object, const std::string& id);
  HttpResponse faults(const HttpRequest& request);
  HttpResponse settings(const HttpRequest& request);
  HttpResponse rules(const HttpRequest& request);
  HttpResponse channels(const HttpRequest& request);
  HttpResponse subscriptions(const HttpRequest& request);
  HttpResponse users(const HttpRequest& request);
  HttpResponse currencies(const HttpRequest& request);

  OrgHost& host_;
  Sessions& sessions_;
  ApiUsage& usage_;
  FaultGate& faults_;
  CallLog& calls_;
};

}  // namespace orgsim
