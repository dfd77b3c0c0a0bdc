#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/org.h"

namespace orgsim {

/// An org with a custom object that has every kind of key and parent, and short ways to write to it.
class OrgTest : public ::testing::Test {
 protected:
  OrgTest() {
    const auto made = org_.apply_objects(nlohmann::json::parse(R"([
      {"name":"Account","fields":[{"name":"Ext__c","length":40,"externalId":true,"unique":true}]},
      {"name":"Thing__c","fields":[
        {"name":"Key__c","length":40,"externalId":true,"unique":true},
        {"name":"Case__c","length":40,"externalId":true,"unique":true,"caseSensitive":true},
        {"name":"Loose__c","length":40,"externalId":true},
        {"name":"Amount__c","type":"currency","precision":10,"scale":2},
        {"name":"Note__c","type":"textarea","length":1000},
        {"name":"On__c","type":"boolean"},
        {"name":"Account__c","type":"reference","referenceTo":"Account"}]},
      {"name":"Part__c","fields":[{"name":"Thing__c","type":"reference","referenceTo":"Thing__c","masterDetail":true},
        {"name":"Label__c","required":false}]}])"));
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
  }

  static RecordInput record(const std::string& body) {
    auto input = record_input(nlohmann::json::parse(body));
    EXPECT_TRUE(input) << (input ? "" : input.error().message);
    return std::move(*input);
  }
  /// One statement in a transaction of its own.
  SaveResult insert(std::string_view object, const std::string& body) {
    Transaction transaction = org_.begin(writer_);
    SaveResult result = transaction.insert(object, record(body));
    transaction.commit();
    return result;
  }
  SaveResult update(std::string_view object, std::string_view id, const std::string& body,
                    const UpdateOptions& options = {}) {
    Transaction transaction = org_.begin(writer_);
    SaveResult result = transaction.update(object, id, record(body), options);
    transaction.commit();
    return result;
  }
  SaveResult upsert(std::string_view object, std::string_view field, std::string_view key, const std::string& body) {
    Transaction transaction = org_.begin(writer_);
    SaveResult result = transaction.upsert(object, field, std::string(key), record(body));
    transaction.commit();
    return result;
  }
  SaveResult remove(std::string_view object, std::string_view id) {
    Transaction transaction = org_.begin(writer_);
    SaveResult result = transaction.remove(object, id);
    transaction.commit();
    return result;
  }
  /// The id of a new record; fails the test when it cannot be inserted.
  std::string made(std::string_view object, const std::string& body) {
    const SaveResult result = insert(object, body);
    EXPECT_TRUE(result.success) << error_of(result);
    return result.id;
  }
  static std::string error_of(const SaveResult& result) {
    if (result.success) return "success";
    return result.errors.empty() ? "no error" : result.errors[0].code + ": " + result.errors[0].message;
  }
  Value field(std::string_view object, std::string_view id, std::string_view name) {
    const auto found = org_.find(object, id, true);
    EXPECT_TRUE(found) << (found ? "" : found.error().code);
    return found ? found->get(name) : Value{};
  }
  std::vector<ChangeEvent> events_after(std::uint64_t position, std::string_view topic = "/data/ChangeEvents") {
    return org_.read_events(topic, position, 10'000);
  }

  Org org_;
  Writer writer_;
};

}  // namespace orgsim
