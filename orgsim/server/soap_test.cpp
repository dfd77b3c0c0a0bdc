#include <fmt/format.h>

#include <pugixml.hpp>
#include <set>

#include "orgsim/core/time_text.h"
#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class SoapTest : public ServerTest {
 protected:
  std::string text(const char* key) const { return ready_[key]; }

  Answer soap(const std::string& body, const std::string& path = "/services/Soap/u/62.0") {
    return raw("POST", path, body, {{"SOAPAction", "\"\""}}, "text/xml");
  }

  Answer with_session(const std::string& operation, const std::string& headers = "") {
    return soap(
        fmt::format(R"(<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>)"
                    R"(<p:SessionHeader xmlns:p="urn:x"><p:sessionId>{}</p:sessionId></p:SessionHeader>{}</e:Header>)"
                    R"(<e:Body>{}</e:Body></e:Envelope>)",
                    token_, headers, operation));
  }

  std::string login_body(const std::string& password) const {
    return fmt::format(R"(<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Header/><se:Body>)"
                       R"(<n1:login xmlns:n1="urn:partner.soap.sforce.com"><n1:username>{}</n1:username>)"
                       R"(<n1:password><![CDATA[{}]]></n1:password></n1:login></se:Body></se:Envelope>)",
                       text("username"), password);
  }

  static std::string shifted(const std::string& datetime, int seconds) {
    return bulk_datetime(*parse_datetime(datetime) + seconds * 1000);
  }

  static std::string element(const std::string& text, const std::string& name) {
    const std::size_t start = text.find("<" + name + ">");
    if (start == std::string::npos) return "(none)";
    const std::size_t from = start + name.size() + 2;
    return text.substr(from, text.find("</" + name + ">", from) - from);
  }
};

TEST_F(SoapTest, LoginGivesASessionAndItsElementsInOrder) {
  const Answer answer = soap(login_body(text("password") + text("security_token")), "/services/Soap/u/50.0/");
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.header("Content-Type"), "text/xml;charset=UTF-8");
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(answer.text.c_str()));
  const pugi::xml_node result = document.first_child().first_child().first_child().first_child();
  std::vector<std::string> names;
  for (const pugi::xml_node& node : result.children()) names.emplace_back(node.name());
  EXPECT_EQ(names, (std::vector<std::string>{"metadataServerUrl", "passwordExpired", "sandbox", "serverUrl",
                                             "sessionId", "userId", "userInfo"}));
  std::vector<std::string> user;
  for (const pugi::xml_node& node : result.child("userInfo").children()) user.emplace_back(node.name());
  ASSERT_EQ(user.size(), 24u);
  EXPECT_EQ(user[8], "organizationId");
  EXPECT_EQ(element(answer.text, "organizationId"), text("org_id"));
  EXPECT_EQ(element(answer.text, "userName"), text("username"));
  EXPECT_EQ(element(answer.text, "serverUrl"), text("http") + "/services/Soap/u/50.0/" + text("org_id").substr(0, 15));
  const std::string session = element(answer.text, "sessionId");
  EXPECT_EQ(raw("GET", "/services/data/v62.0/limits", "", {{"Authorization", "Bearer " + session}}, "").status, 200);

  token_ = session;
  EXPECT_EQ(element(with_session("<getUserInfo/>").text, "userId"), element(answer.text, "userId"));
  EXPECT_EQ(with_session("<logout/>").status, 200);
  const Answer after = with_session("<getUserInfo/>");
  EXPECT_EQ(after.status, 500);
  EXPECT_EQ(element(after.text, "faultcode"), "sf:INVALID_SESSION_ID");
}

TEST_F(SoapTest, AWrongPasswordIsALoginFault) {
  const Answer answer = soap(login_body("wrong"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(element(answer.text, "faultcode"), "INVALID_LOGIN");
  EXPECT_EQ(element(answer.text, "sf:exceptionCode"), "INVALID_LOGIN");
  EXPECT_EQ(element(answer.text, "faultstring"),
            "INVALID_LOGIN: Invalid username, password, security token; or user locked out.");
}

TEST_F(SoapTest, LoginIsGoneInNewVersions) {
  const std::string body = login_body(text("password") + text("security_token"));
  EXPECT_EQ(soap(body, "/services/Soap/u/64.0").status, 200);
  EXPECT_EQ(element(soap(body, "/services/Soap/u/65.0").text, "sf:exceptionCode"), "UNSUPPORTED_API_VERSION");
  EXPECT_EQ(soap(body, "/services/Soap/c/64.0/0DF000000000001").status, 200);
  EXPECT_EQ(soap(body, "/services/Soap/x/64.0").status, 404);
}

TEST_F(SoapTest, RecordsAreWrittenAndReadBack) {
  const Answer made = with_session(
      "<create><sObjects><type>Account</type><Name>A &amp; B</Name><NumberOfEmployees>7</NumberOfEmployees></sObjects>"
      "<sObjects><type>Account</type><Phone>1</Phone></sObjects></create>");
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_NE(made.text.find("<statusCode>REQUIRED_FIELD_MISSING</statusCode></errors><id xsi:nil=\"true\"/>"
                           "<success>false</success>"),
            std::string::npos)
      << made.text;
  const std::string id = element(made.text, "id");
  EXPECT_EQ(get("sobjects/Account/" + id).body["Name"], "A & B");

  EXPECT_EQ(
      element(with_session("<update><sObjects><type>Account</type><fieldsToNull>NumberOfEmployees</fieldsToNull><Id>" +
                           id + "</Id><Phone>2</Phone><Fax/></sObjects></update>")
                  .text,
              "success"),
      "true");
  const json row = get("sobjects/Account/" + id).body;
  EXPECT_TRUE(row["NumberOfEmployees"].is_null());
  EXPECT_EQ(row["Phone"], "2");

  const std::string read = with_session(
                               "<retrieve><fieldList>Name, CreatedDate</fieldList><sObjectType>Account</sObjectType>"
                               "<ids>" +
                               id + "</ids><ids>001000000000009AAA</ids></retrieve>")
                               .text;
  EXPECT_EQ(element(read, "sf:Name"), "A &amp; B");
  EXPECT_TRUE(element(read, "sf:CreatedDate").ends_with(".000Z"));
  EXPECT_NE(read.find("<result xsi:nil=\"true\"/>"), std::string::npos);

  EXPECT_EQ(element(with_session("<delete><ids>" + id + "</ids></delete>").text, "success"), "true");
  EXPECT_EQ(get("sobjects/Account/" + id).status, 404);
  EXPECT_EQ(element(with_session("<undelete><ids>" + id + "</ids></undelete>").text, "success"), "true");
  EXPECT_EQ(get("sobjects/Account/" + id).status, 200);

  const std::string purge = "<emptyRecycleBin><ids>" + id + "</ids></emptyRecycleBin>";
  EXPECT_EQ(element(with_session(purge).text, "success"), "false");
  with_session("<delete><ids>" + id + "</ids></delete>");
  EXPECT_EQ(element(with_session(purge).text, "success"), "true");
  EXPECT_EQ(element(with_session("<undelete><ids>" + id + "</ids></undelete>").text, "success"), "false");
}

TEST_F(SoapTest, QueriesComeInPages) {
  call("POST", "/orgsim/records/Contact", {{"generate", 450}});
  const std::string account = create("Account", {{"Name", "A & B"}, {"BillingCity", "Berlin"}});
  call("PATCH", "sobjects/Contact/" + create("Contact", {{"LastName", "Zz"}, {"AccountId", account}}),
       {{"Phone", nullptr}});

  const std::string options = "<QueryOptions><batchSize>200</batchSize></QueryOptions>";
  std::string text = with_session("<query><queryString>SELECT Id FROM Contact</queryString></query>", options).text;
  std::set<std::string> ids;
  const auto take = [&] {
    for (std::size_t at = text.find("<sf:Id>"); at != std::string::npos; at = text.find("<sf:Id>", at + 1)) {
      ids.insert(text.substr(at + 7, 18));
    }
  };
  take();
  EXPECT_EQ(ids.size(), 200u);
  EXPECT_EQ(element(text, "size"), "451");
  for (int page = 0; page < 2; ++page) {
    EXPECT_EQ(element(text, "done"), "false");
    text =
        with_session("<queryMore><queryLocator>" + element(text, "queryLocator") + "</queryLocator></queryMore>").text;
    take();
  }
  EXPECT_EQ(element(text, "done"), "true");
  EXPECT_EQ(ids.size(), 451u);

  text =
      with_session(
          "<query><queryString>SELECT LastName, Phone, CreatedDate, Account.Name, Account.BillingAddress FROM Contact "
          "WHERE LastName = 'Zz'</queryString></query>")
          .text;
  EXPECT_NE(text.find(R"(<sf:Id xsi:nil="true"/><sf:LastName>Zz</sf:LastName><sf:Phone xsi:nil="true"/>)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(<sf:Account xsi:type="sf:sObject"><sf:type>Account</sf:type>)"), std::string::npos) << text;
  EXPECT_EQ(element(text, "sf:Name"), "A &amp; B");
  EXPECT_EQ(element(text, "city"), "Berlin");
  EXPECT_TRUE(element(text, "sf:CreatedDate").ends_with(".000Z"));
  EXPECT_EQ(element(with_session("<query><queryString>SELECT COUNT() FROM Contact</queryString></query>").text, "size"),
            "451");
  EXPECT_EQ(element(with_session("<query><queryString>SELECT</queryString></query>").text, "faultcode"),
            "sf:MALFORMED_QUERY");
  EXPECT_EQ(element(with_session("<queryMore><queryLocator>x-1</queryLocator></queryMore>").text, "faultcode"),
            "sf:INVALID_QUERY_LOCATOR");
}

TEST_F(SoapTest, DescribesAndReplication) {
  const std::string text =
      with_session(
          "<describeSObjects><sObjectType>Account</sObjectType><sObjectType>contact</sObjectType></describeSObjects>")
          .text;
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(text.c_str()));
  const pugi::xml_node response = document.first_child().first_child().first_child();
  std::vector<std::string> names;
  for (const pugi::xml_node& result : response.children("result")) names.emplace_back(result.child_value("name"));
  EXPECT_EQ(names, (std::vector<std::string>{"Account", "Contact"}));
  EXPECT_EQ(element(with_session("<describeGlobal/>").text, "maxBatchSize"), "200");
  EXPECT_EQ(element(with_session("<describeSObject><sObjectType>Nope</sObjectType></describeSObject>").text,
                    "sf:exceptionCode"),
            "INVALID_TYPE");

  const std::string id = create("Account", {{"Name", "x"}});
  const std::string gone = create("Account", {{"Name", "y"}});
  call("DELETE", "sobjects/Account/" + gone);
  const std::string now = element(with_session("<getServerTimestamp/>").text, "timestamp");
  const std::string window = "<sObjectType>Account</sObjectType><startDate>" + shifted(now, -600) +
                             "</startDate><endDate>" + shifted(now, 120) + "</endDate>";
  EXPECT_EQ(element(with_session("<getUpdated>" + window + "</getUpdated>").text, "ids"), id);
  EXPECT_EQ(element(with_session("<getDeleted>" + window + "</getDeleted>").text, "id"), gone);
  EXPECT_EQ(element(with_session("<getUpdated><sObjectType>Account</sObjectType></getUpdated>").text, "faultcode"),
            "sf:MISSING_ARGUMENT");
}

TEST_F(SoapTest, AllOrNoneRollsBackAndTheClientIsInTheHistory) {
  const Answer answer = with_session(
      "<create><sObjects><type>Account</type><Name>x</Name></sObjects><sObjects><type>Account</type></sObjects></"
      "create>",
      "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>");
  EXPECT_NE(answer.text.find("ALL_OR_NONE_OPERATION_ROLLED_BACK"), std::string::npos);
  EXPECT_EQ(query("SELECT COUNT() FROM Account").body["totalSize"], 0);

  const std::string id =
      element(with_session("<create><sObjects><type>Account</type><Name>x</Name></sObjects></create>",
                           "<CallOptions><client>loader</client></CallOptions>")
                  .text,
              "id");
  const json first = get("/orgsim/history/Account/" + id).body[0];
  EXPECT_EQ(first["client"], "loader");
  EXPECT_EQ(first["api"], "soap");
}

TEST_F(SoapTest, WhatIsNoEnvelopeIsAFault) {
  for (const char* body : {"", "<", "not xml", "<a/>", "<Envelope/>", "<Envelope><Body/></Envelope>", "\xff\xfe",
                           "<!DOCTYPE a [<!ENTITY b \"c\">]><Envelope><Body>&b;</Body></Envelope>"}) {
    const Answer answer = soap(body);
    EXPECT_EQ(answer.status, 500) << body;
    EXPECT_EQ(element(answer.text, "faultcode"), "soapenv:Client") << body;
  }
  EXPECT_EQ(element(with_session("<fly/>").text, "faultcode"), "soapenv:Client");
  EXPECT_EQ(raw("GET", "/services/Soap/u/62.0", "", {}, "").status, 405);
}

TEST_F(SoapTest, MergeAndConvertLead) {
  const std::string winner = create("Account", {{"Name", "W"}});
  const std::string loser = create("Account", {{"Name", "L"}});
  const std::string contact = create("Contact", {{"LastName", "C"}, {"AccountId", loser}});
  const Answer merged = with_session(
      fmt::format(R"(<merge><request><masterRecord><type>Account</type><Id>{}</Id><Phone>7</Phone></masterRecord>)"
                  R"(<recordToMergeIds>{}</recordToMergeIds></request></merge>)",
                  winner, loser));
  EXPECT_EQ(element(merged.text, "success"), "true") << merged.text;
  EXPECT_EQ(element(merged.text, "mergedRecordIds"), loser);
  EXPECT_EQ(element(merged.text, "updatedRelatedIds"), contact);
  EXPECT_EQ(get("sobjects/Contact/" + contact).body["AccountId"], winner);
  EXPECT_EQ(query("SELECT Phone FROM Account WHERE Id='" + winner + "'").body["records"][0]["Phone"], "7");
  const Answer gone = get("queryAll?q=" + url_encode("SELECT MasterRecordId FROM Account WHERE Id='" + loser + "'"));
  EXPECT_EQ(gone.body["records"][0]["MasterRecordId"], winner);
  const Answer again = with_session(fmt::format(
      R"(<merge><request><masterRecord><type>Account</type><Id>{}</Id></masterRecord><recordToMergeIds>{}</recordToMergeIds></request></merge>)",
      winner, loser));
  EXPECT_EQ(element(again.text, "statusCode"), "ENTITY_IS_DELETED");
  const std::string lead = create("Lead", {{"LastName", "L"}, {"Company", "Acme"}});
  const Answer converted = with_session(
      fmt::format("<convertLead><leadConverts><leadId>{}</leadId><convertedStatus>Closed - Converted</convertedStatus>"
                  "<doNotCreateOpportunity>true</doNotCreateOpportunity></leadConverts></convertLead>",
                  lead));
  EXPECT_EQ(element(converted.text, "success"), "true") << converted.text;
  EXPECT_EQ(get("sobjects/Lead/" + lead).body["ConvertedContactId"], element(converted.text, "contactId"));
}

TEST_F(SoapTest, ADuplicateIsSavedWhenTheHeaderInsists) {
  call("POST", "/orgsim/rules", json::parse(R"({"type":"duplicate","object":"Contact","match":["Email"]})"));
  const std::string contact =
      "<create><sObjects><type>Contact</type><LastName>L</LastName><Email>a@b.cd</Email></sObjects></create>";
  EXPECT_EQ(element(with_session(contact).text, "success"), "true");
  EXPECT_EQ(element(with_session(contact).text, "statusCode"), "DUPLICATES_DETECTED");
  const std::string insist = "<DuplicateRuleHeader><allowSave>true</allowSave></DuplicateRuleHeader>";
  EXPECT_EQ(element(with_session(contact, insist).text, "success"), "true");
}

}  // namespace
}  // namespace orgsim
