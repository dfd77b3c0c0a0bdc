#include "salesforce/send_outcome.h"

#include <nlohmann/json.hpp>

#include "codec/change_event_value.h"
#include "salesforce/rest_error.h"

namespace duet::salesforce {
namespace {

using nlohmann::json;
using ports::SendOutcome;
using ports::Verdict;

std::string text_of(const json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_of(const json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

SendOutcome unreadable() {
  SendOutcome outcome;
  outcome.verdict = Verdict::unknown;
  outcome.error =
      Error{ErrorKind::outcome_unknown, "JSON", "Salesforce's answer to a write cannot be read", {}, nullptr, {}};
  return outcome;
}

SendOutcome result_of(const json& result) {
  SendOutcome outcome;
  if (!result.is_object() || !result.contains("success") || !result["success"].is_boolean()) return unreadable();
  if (flag_of(result, "success")) {
    outcome.verdict = Verdict::accepted;
    outcome.sfid = codec::record_id_18(text_of(result, "id"));
    outcome.created = flag_of(result, "created");
    return outcome;
  }
  // Without success, `id` and `created` mean nothing (spec/salesforce-api.md §0.13).
  outcome.verdict = Verdict::rejected;
  auto errors = result.find("errors");
  const json* first = errors != result.end() && errors->is_array() && !errors->empty() ? &(*errors)[0] : nullptr;
  if (!first || !first->is_object()) {
    outcome.error = error_of_code("UNKNOWN_ERROR", "Salesforce refused the record without a reason");
    return outcome;
  }
  std::string code = text_of(*first, "statusCode");
  if (code.empty()) code = text_of(*first, "errorCode");
  outcome.error = error_of_code(code, text_of(*first, "message"));
  if (auto fields = first->find("fields"); fields != first->end() && fields->is_array()) {
    for (const json& field : *fields) {
      if (!field.is_string()) continue;
      if (!outcome.error->detail.empty()) outcome.error->detail += ", ";
      outcome.error->detail += field.get<std::string>().substr(0, 255);
    }
  }
  return outcome;
}

/// Whether a DUPLICATE_VALUE is about this field: "duplicate value found: Ext__c duplicates value on record with id:
/// …".
bool names_field(const Error& error, const std::string& field) {
  constexpr std::string_view kLead = "duplicate value found: ";
  auto at = error.message.find(kLead);
  if (at == std::string::npos) return true;
  std::string_view rest = std::string_view(error.message).substr(at + kLead.size());
  std::string_view name = rest.substr(0, rest.find(' '));
  return name == "<unknown>" || equals_ignoring_case(name, field);
}

}  // namespace

SendOutcome outcome_of(CallFailure failure) {
  SendOutcome outcome;
  switch (failure.delivery) {
    case Delivery::not_sent:
      outcome.verdict = Verdict::not_sent;
      break;
    case Delivery::refused:
      outcome.verdict = Verdict::rejected;
      break;
    case Delivery::unknown:
      outcome.verdict = Verdict::unknown;
      break;
  }
  outcome.error = std::move(failure.error);
  return outcome;
}

SendOutcome judged(SendOutcome outcome, const Mapping& mapping, AttemptKind kind) {
  if (outcome.verdict != Verdict::rejected || !outcome.error) return outcome;
  Error& error = *outcome.error;
  if (kind == AttemptKind::remove) {
    // In a delete, the only reference that can be invalid is the record itself.
    bool gone =
        error.kind == ErrorKind::deleted || error.code == "NOT_FOUND" || error.code == "INVALID_CROSS_REFERENCE_KEY";
    if (gone) {
      outcome.verdict = Verdict::accepted;
      outcome.error.reset();
    }
    return outcome;
  }
  if (error.kind == ErrorKind::duplicate) {
    bool about_key =
        kind == AttemptKind::create && !mapping.upsert_field.empty() && names_field(error, mapping.upsert_field);
    if (!about_key) error.kind = ErrorKind::rejected;
  }
  return outcome;
}

SendOutcome read_row_answer(const RestCall& call, const HttpResponse& response) {
  if (response.status == 204) {
    SendOutcome outcome;
    outcome.verdict = Verdict::accepted;
    return outcome;
  }
  json answer = json::parse(response.body, nullptr, false);
  if (response.status == 200 || response.status == 201) {
    SendOutcome outcome = result_of(answer);
    if (outcome.verdict == Verdict::accepted && response.status == 201) outcome.created = true;
    return outcome;
  }
  if (response.status == 300) {
    SendOutcome outcome;
    outcome.verdict = Verdict::rejected;
    outcome.error = Error{ErrorKind::duplicate,
                          "DUPLICATE_EXTERNAL_ID",
                          "Several records of the org have this external id",
                          {},
                          nullptr,
                          {}};
    if (answer.is_array()) {
      for (const json& url : answer) {
        std::string path = url.is_string() ? url.get<std::string>() : std::string();
        std::string id = codec::record_id_18(path.substr(path.rfind('/') + 1));
        if (!id.empty()) outcome.error->detail += (outcome.error->detail.empty() ? "" : ", ") + id;
      }
    }
    return outcome;
  }
  return outcome_of(failure_of(call, response));
}

std::vector<SendOutcome> read_collection_answer(std::string_view body, std::size_t records) {
  json answer = json::parse(body, nullptr, false);
  if (!answer.is_array() || answer.size() != records) return std::vector<SendOutcome>(records, unreadable());
  std::vector<SendOutcome> outcomes;
  outcomes.reserve(records);
  for (const json& result : answer) outcomes.push_back(result_of(result));
  return outcomes;
}

}  // namespace duet::salesforce
