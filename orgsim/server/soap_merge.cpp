// The SOAP calls merge and convertLead, each request of which is a transaction of its own.
#include <fmt/format.h>

#include "orgsim/server/soap_api.h"
#include "orgsim/server/write_request.h"

namespace orgsim {
namespace {

constexpr std::size_t kRequestsMax = 200;

void append_errors(std::string& out, const SaveResult& result) {
  for (const Error& error : result.errors) {
    out += "<errors>";
    for (const std::string& field : error.fields) append_element(out, "fields", field);
    append_element(out, "message", error.message);
    append_element(out, "statusCode", error.code);
    out += "</errors>";
  }
}

void append_id(std::string& out, std::string_view name, const std::string& id) {
  if (id.empty()) {
    append_nil(out, name);
  } else {
    append_element(out, name, id);
  }
}

/// Runs one request, waits for its locks, and commits what worked.
template <typename Result, typename Run>
Result transact(const SoapRecordsCall& call, Run run) {
  OrgHost::Access org = call.host.access();
  Transaction transaction = org->begin(call.writer);
  Result result;
  wait_for_locks(org, [&] {
    result = run(transaction);
    return std::vector<SaveResult>{result.result};
  });
  if (!result.result.success) {
    transaction.roll_back();
    org.announce();
  } else if (!commit_in_time(org, transaction, call.request.arrived)) {
    result.result = {.id = result.result.id,
                     .errors = {make_error("REQUEST_RUNNING_TOO_LONG", "Your request was running for too long.")}};
  }
  return result;
}

void merge(const SoapRecordsCall& call, const pugi::xml_node& request, std::string& out) {
  const BatchRecord master = soap_record(soap_child(request, "masterRecord"));
  std::vector<std::string> losers;
  for (const pugi::xml_node& child : request.children()) {
    if (local_name(child) == "recordToMergeIds") losers.push_back(soap_text(child));
  }
  RecordInput fields = master.input;
  fields.id.clear();
  const auto result = transact<MergeResult>(call, [&](Transaction& transaction) {
    return transaction.merge(master.object, master.input.id, losers, fields);
  });
  out += "<result>";
  append_errors(out, result.result);
  append_id(out, "id", result.result.id);
  for (const std::string& id : result.merged) append_element(out, "mergedRecordIds", id);
  append_element(out, "success", result.result.success ? "true" : "false");
  for (const std::string& id : result.related) append_element(out, "updatedRelatedIds", id);
  out += "</result>";
}

void convert(const SoapRecordsCall& call, const pugi::xml_node& request, std::string& out) {
  const auto text = [&request](const char* name) { return soap_text(soap_child(request, name)); };
  const LeadConversion wanted{.lead_id = text("leadId"),
                              .status = text("convertedStatus"),
                              .account_id = text("accountId"),
                              .contact_id = text("contactId"),
                              .opportunity_name = text("opportunityName"),
                              .create_opportunity = text("doNotCreateOpportunity") != "true"};
  const auto result =
      transact<ConvertResult>(call, [&](Transaction& transaction) { return transaction.convert_lead(wanted); });
  out += "<result>";
  append_id(out, "accountId", result.account_id);
  append_id(out, "contactId", result.contact_id);
  append_errors(out, result.result);
  append_id(out, "leadId", result.result.id);
  append_id(out, "opportunityId", result.opportunity_id);
  append_element(out, "success", result.result.success ? "true" : "false");
  out += "</result>";
}

}  // namespace

HttpResponse serve_soap_merge(const SoapRecordsCall& call) {
  const bool is_merge = call.call.name == "merge";
  std::vector<pugi::xml_node> requests;
  for (const pugi::xml_node& node : call.call.operation.children()) {
    if (local_name(node) == (is_merge ? "request" : "leadConverts")) requests.push_back(node);
  }
  if (requests.size() > kRequestsMax) {
    return soap_fault(codes::kExceededIdLimit,
                      "record limit reached. cannot submit more than 200 records into this call", "InvalidIdFault");
  }
  std::string body;
  for (const pugi::xml_node& request : requests) {
    if (is_merge) {
      merge(call, request, body);
    } else {
      convert(call, request, body);
    }
  }
  return soap_answer(call.call.name, body);
}

}  // namespace orgsim
