#pragma once

#include <memory>
#include <string>

#include "salesforce/rest_org.h"
#include "salesforce/scripted_server_test.h"

namespace duet::salesforce {

class NoPubSub final : public PubSubClient {
 public:
  Result<bool> can_subscribe(const std::string& topic) override {
    if (topic == "/data/AccountChangeEvent" || topic == "/data/Foo__ChangeEvent") return true;
    if (topic == "/data/BrokenChangeEvent") return fail(ErrorKind::network, "down");
    return fail(ErrorKind::not_found, "no topic");
  }
  Result<std::string> schema(const std::string&) override { return fail(ErrorKind::bug, "not used"); }
  Result<std::unique_ptr<Subscription>> subscribe(const std::string&, const std::string&) override {
    return fail(ErrorKind::bug, "not used");
  }
};

struct Fixture {
  explicit Fixture(ScriptedServer::Answer answer)
      : server(std::move(answer)), org(std::make_shared<Session>(server.settings()), std::make_shared<NoPubSub>()) {}
  ScriptedServer server;
  RestOrg org;
};

inline Mapping account() {
  Mapping mapping;
  mapping.object = "Account";
  mapping.upsert_field = "Ext__c";
  auto add = [&](std::string name, FieldType type) {
    MappedField field;
    field.schema.name = std::move(name);
    field.schema.type = type;
    mapping.fields.push_back(std::move(field));
  };
  add("Id", FieldType::id);
  add("Name", FieldType::string);
  add("Ext__c", FieldType::string);
  add("SystemModstamp", FieldType::datetime);
  return mapping;
}

inline constexpr const char* kId = "0014W000027f6V3QAI";
inline constexpr const char* kOther = "0014W000027f6V4QAI";

inline void json(httplib::Response& response, int status, const std::string& body) {
  response.status = status;
  response.set_content(body, "application/json");
}

}  // namespace duet::salesforce
