#include "salesforce/key_field.h"

#include <nlohmann/json.hpp>

#include "codec/soql.h"

namespace duet::salesforce {
namespace {

using nlohmann::json;

/// The only value of a query's only row.
Result<std::string> query_value(RestClient& client, const std::string& soql, const char* field) {
  const HttpResponse response = DUET_TRY(client.get(client.data_path("query") + "?q=" + codec::url_encode(soql)));
  const json answer = json::parse(response.body, nullptr, false);
  const json records = answer.is_object() ? answer.value("records", json::array()) : json::array();
  if (!records.is_array() || records.empty() || !records[0].is_object() || !records[0].contains(field) ||
      !records[0][field].is_string())
    return fail(ErrorKind::forbidden, "The org does not show the permissions of the integration user", "PERMISSIONS",
                {});
  return records[0][field].get<std::string>();
}

Result<void> post(RestClient& client, const std::string& path, const json& body) {
  (void)DUET_TRY(client.expect({.method = "POST", .path = client.data_path(path), .body = body.dump()}));
  return {};
}

/// A permission set that belongs to the user's profile stands for the profile.
Result<void> let_profile_edit(RestClient& client, const std::string& user_id, const std::string& object,
                              const std::string& field) {
  const std::string profile =
      DUET_TRY(query_value(client, "SELECT ProfileId FROM User WHERE Id = " + codec::soql_text(user_id), "ProfileId"));
  const std::string permissions = DUET_TRY(query_value(
      client, "SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = true AND ProfileId = " + codec::soql_text(profile),
      "Id"));
  return post(client, "sobjects/FieldPermissions",
              {{"ParentId", permissions},
               {"SobjectType", object},
               {"Field", field},
               {"PermissionsRead", true},
               {"PermissionsEdit", true}});
}

}  // namespace

Result<bool> create_key_field(RestClient& client, const std::string& user_id, const std::string& object) {
  if (!codec::is_api_name(object))
    return fail(ErrorKind::config, "No Salesforce object can have this name", "NAME", object.substr(0, 100));
  const std::string field = object + "." + std::string(kKeyField);
  const json body = {{"FullName", field},
                     {"Metadata",
                      {{"label", "Duet Id"},
                       {"type", "Text"},
                       {"length", kKeyFieldLength},
                       {"externalId", true},
                       {"unique", true},
                       {"caseSensitive", false},
                       {"required", false}}}};
  bool created = true;
  if (auto made = post(client, "tooling/sobjects/CustomField", body); !made) {
    if (made.error().code != "DUPLICATE_DEVELOPER_NAME") return std::unexpected(std::move(made).error());
    created = false;
  }
  auto seen = let_profile_edit(client, user_id, object, field);
  // There from an earlier try.
  if (!seen && seen.error().kind != ErrorKind::duplicate && seen.error().code != "DUPLICATE_VALUE")
    return std::unexpected(std::move(seen).error());
  return created;
}

}  // namespace duet::salesforce
