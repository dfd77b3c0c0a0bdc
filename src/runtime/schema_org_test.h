#pragma once

#include <map>
#include <optional>
#include <string>

#include "ports/org.h"

namespace duet::runtime {

/// An org of which only identity and schema are asked for.
class SchemaOrg final : public ports::Org {
 public:
  std::map<std::string, ObjectSchema> objects;
  std::map<std::string, bool> events;
  std::optional<Error> describe_error;
  std::string org_id = "00D000000000001EAA";

  /// An object with these texts beside Id, SystemModstamp and IsDeleted, and a unique external id Ext__c.
  ObjectSchema& add(const std::string& object, std::initializer_list<const char*> fields) {
    ObjectSchema& schema = objects[object];
    schema.name = object;
    schema.createable = schema.updateable = schema.deletable = schema.queryable = true;
    add_field(schema, "Id", FieldType::id, 18);
    add_field(schema, "SystemModstamp", FieldType::datetime, 0);
    add_field(schema, "IsDeleted", FieldType::boolean, 0);
    FieldSchema& key = add_field(schema, "Ext__c", FieldType::string, 36);
    key.external_id = key.unique = key.id_lookup = true;
    for (const char* name : fields) add_field(schema, name, FieldType::string, 80);
    return schema;
  }

  Result<ports::OrgIdentity> identity() override {
    return ports::OrgIdentity{org_id, "005000000000001AAA", "https://x.my.salesforce.com"};
  }
  Result<std::vector<ports::ObjectSummary>> list_objects() override {
    std::vector<ports::ObjectSummary> list;
    for (const auto& [name, schema] : objects) list.emplace_back().name = name;
    return list;
  }
  Result<ObjectSchema> describe(const std::string& object) override {
    if (describe_error) return std::unexpected(*describe_error);
    return objects.at(object);
  }
  Result<bool> has_change_events(const std::string& object) override { return events[object]; }
  Result<long> count(const Mapping&) override { return 0; }

  ports::ClockOffset clock_offset() override { return {}; }
  std::optional<ports::ApiUsage> api_usage() override { return std::nullopt; }
  std::vector<ports::SendOutcome> send(const Mapping&, const ports::SendBatch&) override { return {}; }
  Result<std::vector<RecordRead>> read(const Mapping&, std::span<const std::string>) override { return unused(); }
  Result<std::vector<RecordRead>> read_by_key(const Mapping&, std::span<const std::string>) override {
    return unused();
  }
  Result<std::vector<RecordRead>> read_by_match(const Mapping&, std::span<const FieldValues>) override {
    return unused();
  }
  Result<ports::ReadPage> changed(const Mapping&, TimeMs, TimeMs, const std::string&) override { return unused(); }
  Result<ports::DeletedPage> deleted(const Mapping&, TimeMs, TimeMs) override { return unused(); }
  Result<std::unique_ptr<ports::BulkReader>> bulk_query(const Mapping&) override { return unused(); }

 private:
  static FieldSchema& add_field(ObjectSchema& schema, const char* name, FieldType type, int length) {
    FieldSchema& field = schema.fields.emplace_back();
    field.name = name;
    field.type = type;
    field.length = length;
    return field;
  }
  static std::unexpected<Error> unused() { return fail(ErrorKind::bug, "not expected here"); }
};

}  // namespace duet::runtime
