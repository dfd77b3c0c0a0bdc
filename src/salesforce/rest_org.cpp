#include "salesforce/rest_org.h"

#include <nlohmann/json.hpp>

#include "codec/change_event_value.h"
#include "codec/soql.h"
#include "salesforce/bulk_query.h"
#include "salesforce/describe_json.h"

namespace duet::salesforce {
namespace {

std::string text_of(const nlohmann::json& answer, const char* key) {
  return answer.is_object() && answer.contains(key) && answer[key].is_string() ? answer[key].get<std::string>()
                                                                               : std::string();
}

}  // namespace

RestOrg::RestOrg(std::shared_ptr<Session> session, std::shared_ptr<PubSubClient> pubsub)
    : client_(std::move(session)), pubsub_(std::move(pubsub)), sender_(client_) {}

Result<ports::OrgIdentity> RestOrg::identity() {
  auto login = DUET_TRY(client_.session().login());
  ports::OrgIdentity identity{login->org_id, login->user_id, login->instance_url};
  // Proves that the token works, and tells the ids where the login answer did not.
  Result<HttpResponse> response = client_.get("/services/oauth2/userinfo");
  if (response) {
    nlohmann::json answer = nlohmann::json::parse(response->body, nullptr, false);
    std::string org = codec::record_id_18(text_of(answer, "organization_id"));
    std::string user = codec::record_id_18(text_of(answer, "user_id"));
    if (!org.empty() && !user.empty()) {
      identity.org_id = org;
      identity.user_id = user;
    }
  } else if (identity.org_id.empty() || response.error().kind != ErrorKind::forbidden) {
    return std::unexpected(std::move(response).error());
  }
  if (identity.org_id.empty() || identity.user_id.empty()) {
    return fail(ErrorKind::bad_data, "Salesforce does not say which org and user the token is for", "IDENTITY");
  }
  return identity;
}

Result<std::vector<ports::ObjectSummary>> RestOrg::list_objects() {
  HttpResponse response = DUET_TRY(client_.get(client_.data_path("sobjects")));
  return read_object_list(response.body);
}

Result<ObjectSchema> RestOrg::describe(const std::string& object) {
  if (!codec::is_api_name(object))
    return fail(ErrorKind::config, "No Salesforce object can have this name", "NAME", object.substr(0, 100));
  Result<HttpResponse> response = client_.get(client_.data_path("sobjects/" + object + "/describe"));
  if (!response) {
    Error error = std::move(response).error();
    if (error.kind == ErrorKind::not_found) {
      error.message = "The org has no object " + object + ", or the integration user may not see it";
    }
    return std::unexpected(std::move(error));
  }
  return read_describe(response->body);
}

Result<bool> RestOrg::has_change_events(const std::string& object) {
  if (!codec::is_api_name(object))
    return fail(ErrorKind::config, "No Salesforce object can have this name", "NAME", object.substr(0, 100));
  bool custom = object.ends_with("__c");
  std::string topic = "/data/" + (custom ? object.substr(0, object.size() - 1) : object) + "ChangeEvent";
  Result<bool> subscribable = pubsub_->can_subscribe(topic);
  if (!subscribable &&
      (subscribable.error().kind == ErrorKind::not_found || subscribable.error().kind == ErrorKind::forbidden))
    return false;
  return subscribable;
}

ports::ClockOffset RestOrg::clock_offset() { return client_.session().gauges().clock_offset(); }

std::optional<ports::ApiUsage> RestOrg::api_usage() { return client_.session().gauges().api_usage(); }

std::vector<ports::SendOutcome> RestOrg::send(const Mapping& mapping, const ports::SendBatch& batch) {
  return sender_.send(mapping, batch);
}

Result<std::unique_ptr<ports::BulkReader>> RestOrg::bulk_query(const Mapping& mapping) {
  std::vector<std::string> names;
  for (const MappedField& field : mapping.fields) {
    FieldType type = field.schema.type;
    if (type == FieldType::address || type == FieldType::location || type == FieldType::base64) {
      return fail(ErrorKind::config, "A field of this type cannot be loaded: take it out of the mapping", "FIELD_TYPE",
                  mapping.object + "." + field.schema.name);
    }
    names.push_back(field.schema.name);
  }
  std::string soql = DUET_TRY(codec::soql_select(names, mapping.object, ""));
  return start_bulk_query(client_, soql);
}

}  // namespace duet::salesforce
