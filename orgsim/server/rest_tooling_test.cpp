#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class ToolingTest : public ServerTest {
 protected:
  Answer make_field(const std::string& name, const json& metadata) {
    return call("POST", "tooling/sobjects/CustomField", {{"FullName", name}, {"Metadata", metadata}});
  }
  Answer tooling_query(const std::string& soql) { return get("tooling/query?q=" + url_encode(soql)); }
  static json text_field() {
    return {{"type", "Text"}, {"label", "Duet Id"}, {"length", 36}, {"unique", true}, {"externalId", true}};
  }
};

TEST_F(ToolingTest, AFieldIsMadeAndWaitsForAPermission) {
  const Answer made = make_field("Contact.Duet_Id__c", text_field());
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["success"], true);
  const std::string id = made.body["id"];
  EXPECT_EQ(id.substr(0, 3), "00N");
  // As in the org: it is there, and nobody sees it yet.
  EXPECT_EQ(query("SELECT Duet_Id__c FROM Contact").error_code(), "INVALID_FIELD");
  EXPECT_EQ(get("sobjects/Contact/describe").text.find("Duet_Id__c"), std::string::npos);

  const std::string set = create("PermissionSet", {{"Name", "Duet"}, {"Label", "Duet"}});
  create("FieldPermissions", {{"ParentId", set},
                              {"SobjectType", "Contact"},
                              {"Field", "Contact.Duet_Id__c"},
                              {"PermissionsRead", true},
                              {"PermissionsEdit", true}});
  create("PermissionSetAssignment", {{"PermissionSetId", set}, {"AssigneeId", status()["integration_user_id"]}});
  EXPECT_EQ(query("SELECT Duet_Id__c FROM Contact").status, 200);
  const Answer upserted = call("PATCH", "sobjects/Contact/Duet_Id__c/k1", {{"LastName", "L"}});
  EXPECT_EQ(upserted.status, 201) << upserted.text;
  EXPECT_EQ(call("PATCH", "sobjects/Contact/Duet_Id__c/k1", {{"LastName", "M"}}).status, 200);

  const Answer found = tooling_query(
      "SELECT Id, FullName, Metadata FROM CustomField WHERE DeveloperName = 'Duet_Id' AND TableEnumOrId = 'Contact'");
  ASSERT_EQ(found.body["size"], 1) << found.text;
  EXPECT_EQ(found.body["records"][0]["Id"], id);
  EXPECT_EQ(found.body["records"][0]["Metadata"]["externalId"], true);
  EXPECT_EQ(found.body["records"][0]["Metadata"]["length"], 36);
  EXPECT_EQ(call("PATCH", "tooling/sobjects/CustomField/" + id,
                 {{"Metadata",
                   {{"type", "Text"}, {"label", "Duet key"}, {"length", 40}, {"externalId", true}, {"unique", true}}}})
                .status,
            204);
  EXPECT_EQ(get("tooling/sobjects/CustomField/" + id).body["Metadata"]["length"], 40);
  EXPECT_EQ(call("DELETE", "tooling/sobjects/CustomField/" + id).status, 204);
  EXPECT_EQ(get("tooling/sobjects/CustomField/" + id).status, 404);
  EXPECT_EQ(query("SELECT Duet_Id__c FROM Contact").error_code(), "INVALID_FIELD");
}

TEST_F(ToolingTest, WrongFieldsAreRefused) {
  ASSERT_EQ(make_field("Contact.Duet_Id__c", text_field()).status, 201);
  EXPECT_EQ(make_field("Contact.Duet_Id__c", text_field()).error_code(), "DUPLICATE_DEVELOPER_NAME");
  EXPECT_EQ(make_field("Nope.Duet_Id__c", text_field()).error_code(), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
  EXPECT_EQ(make_field("Contact.Duet_Id", text_field()).error_code(), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(make_field("Contact", text_field()).error_code(), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(make_field("Contact.B__c", {{"type", "Text"}, {"label", "B"}}).error_code(), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(make_field("Contact.B__c", {{"type", "Text"}, {"length", 3}}).error_code(), "FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(make_field("Contact.B__c", {{"type", "Tex"}, {"label", "B"}}).error_code(), "INVALID_TYPE");
  EXPECT_EQ(make_field("Contact.B__c", nullptr).error_code(), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(raw("POST", "/services/data/v62.0/tooling/sobjects/CustomField", "[1]",
                {{"Authorization", "Bearer " + token_}}, "application/json")
                .error_code(),
            "JSON_PARSER_ERROR");
  EXPECT_EQ(tooling_query("SELECT Id FROM CustomField WHERE Metadata = 'x'").error_code(), "INVALID_FIELD");
  EXPECT_EQ(get("tooling/sobjects/CustomField/00N000000000000AAA").status, 404);
  EXPECT_EQ(get("tooling/sobjects/CustomField").status, 405);
}

TEST_F(ToolingTest, EveryTypeOfField) {
  const json values = {
      {"valueSetDefinition", {{"value", {{{"fullName", "A"}, {"default", true}}, {{"fullName", "B"}}}}}},
      {"restricted", true}};
  const std::vector<std::pair<const char*, json>> types = {
      {"Number", {{"precision", 18}, {"scale", 2}}},
      {"Currency", {{"precision", 18}, {"scale", 2}}},
      {"Percent", {{"precision", 5}, {"scale", 1}}},
      {"Checkbox", {{"defaultValue", "true"}}},
      {"Date", json::object()},
      {"DateTime", json::object()},
      {"Time", json::object()},
      {"Email", json::object()},
      {"Phone", json::object()},
      {"Url", json::object()},
      {"TextArea", json::object()},
      {"LongTextArea", {{"length", 32768}, {"visibleLines", 3}}},
      {"Html", {{"length", 32768}}},
      {"Picklist", {{"valueSet", values}}},
      {"MultiselectPicklist", {{"valueSet", values}, {"visibleLines", 4}}},
      {"Lookup", {{"referenceTo", "Account"}, {"relationshipName", "Things"}}},
      {"EncryptedText", {{"length", 20}}},
      {"Location", {{"scale", 5}, {"displayLocationInDecimal", true}}},
      {"AutoNumber", {{"displayFormat", "A-{0000}"}}}};
  for (const auto& [type, more] : types) {
    json metadata = more;
    metadata["type"] = type;
    metadata["label"] = type;
    const Answer made = make_field(std::string("Account.F_") + type + "__c", metadata);
    ASSERT_EQ(made.status, 201) << type << made.text;
    EXPECT_EQ(get("tooling/sobjects/CustomField/" + made.body["id"].get<std::string>()).body["Metadata"]["type"], type);
  }
}

TEST_F(ToolingTest, SetupIsForAdministrators) {
  ASSERT_EQ(call("POST", "/orgsim/users",
                 {{"username", "limited@orgsim.example"}, {"objects", {{"Contact", json::object()}}}})
                .status,
            200);
  const Answer login =
      raw("POST", "/services/oauth2/token",
          "grant_type=password&client_id=" + url_encode(ready_["client_id"]) + "&client_secret=" +
              url_encode(ready_["client_secret"]) + "&username=" + url_encode("limited@orgsim.example") + "&password=" +
              url_encode(ready_["password"].get<std::string>() + ready_["security_token"].get<std::string>()),
          {}, "application/x-www-form-urlencoded");
  ASSERT_EQ(login.status, 200) << login.text;
  token_ = login.body["access_token"];
  EXPECT_EQ(make_field("Contact.Duet_Id__c", text_field()).status, 404);
  EXPECT_EQ(get("sobjects/Account/describe").status, 404);
  EXPECT_EQ(query("SELECT Id FROM Account").error_code(), "INVALID_TYPE");
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "A"}}).error_code(), "NOT_FOUND");
  EXPECT_EQ(get("sobjects/Contact/describe").status, 200);
  EXPECT_EQ(get("sobjects").text.find("\"Account\""), std::string::npos);
}

TEST_F(ToolingTest, ChannelMembersSelectObjectsForEvents) {
  const auto member = [this](const json& metadata) {
    return call("POST", "tooling/sobjects/PlatformEventChannelMember", {{"FullName", "x"}, {"Metadata", metadata}});
  };
  call("POST", "/orgsim/objects", {{"name", "Account"}, {"cdc", false}});
  const std::string all =
      "SELECT Id, SelectedEntity FROM PlatformEventChannelMember WHERE SelectedEntity = 'AccountChangeEvent'";
  EXPECT_EQ(tooling_query(all).body["size"], 0);
  const Answer made = member({{"eventChannel", "ChangeEvents"}, {"selectedEntity", "AccountChangeEvent"}});
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(tooling_query(all).body["size"], 1);
  EXPECT_EQ(member({{"eventChannel", "ChangeEvents"}, {"selectedEntity", "AccountChangeEvent"}}).error_code(),
            "DUPLICATE_VALUE");
  EXPECT_EQ(call("DELETE", "tooling/sobjects/PlatformEventChannelMember/" + made.body["id"].get<std::string>()).status,
            204);
  EXPECT_EQ(tooling_query(all).body["size"], 0);

  ASSERT_EQ(call("POST", "tooling/sobjects/PlatformEventChannel",
                 {{"FullName", "Sales__chn"}, {"Metadata", {{"channelType", "data"}, {"label", "Sales"}}}})
                .status,
            201);
  const Answer filtered = member({{"eventChannel", "Sales__chn"},
                                  {"selectedEntity", "AccountChangeEvent"},
                                  {"enrichedFields", {{{"name", "Phone"}}}},
                                  {"filterExpression", "Industry = 'Energy'"}});
  ASSERT_EQ(filtered.status, 201) << filtered.text;
  EXPECT_EQ(get("/orgsim/channels").body[0]["members"][0]["filterExpression"], "Industry = 'Energy'");
  EXPECT_EQ(
      member(
          {{"eventChannel", "Sales__chn"}, {"selectedEntity", "ContactChangeEvent"}, {"filterExpression", "Nope = 1"}})
          .error_code(),
      "INVALID_FIELD");
}

}  // namespace
}  // namespace orgsim
