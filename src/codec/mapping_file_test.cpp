#include "codec/mapping_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/mapping_file_resolve.h"

namespace duet::codec {
namespace {

using ::testing::HasSubstr;

constexpr const char* kExport = R"({"version":1,
 "connection":{"app_name":"a","organization_id":"00D000000000001EAA","features":{"disable_bulk_writes":false},"api_version":"57.0","name":"n"},
 "mappings":[
  {"object_name":"Contact","config":{"access":"read_write","upsert_field":"Ext__c","sf_notify_enabled":false,"sf_polling_seconds":120,
     "sf_max_daily_api_calls":30000,"conflict":"postgres","delete":"salesforce","groups":{"Name and phone":["LastName","Phone"]},"match":["Phone"],
     "fields":{"Phone":{"conflict":"salesforce"},"Id":{},"LastName":{}},
     "indexes":{"Id":{"unique":true},"Phone":{"unique":false}},"applied_at":"2018-11-14T17:52:30.792508Z","revision":3}},
  {"object_name":"account","config":{"access":"read_only","fields":{"id":{},"name":{}}}}]})";

ParsedMappingFile read(std::string_view text) { return read_mapping_file(text).value(); }

MappingProblem only_problem(std::string_view text) {
  auto parsed = read(text);
  EXPECT_EQ(parsed.problems.size(), 1U);
  return parsed.problems.empty() ? MappingProblem{} : parsed.problems.front();
}

FieldSchema field(const char* name, FieldType type = FieldType::string, int length = 80) {
  FieldSchema schema;
  schema.name = name;
  schema.type = type;
  schema.length = length;
  return schema;
}

ObjectSchema contact() {
  ObjectSchema schema;
  schema.name = "Contact";
  schema.createable = schema.updateable = schema.deletable = schema.queryable = true;
  schema.fields = {field("Id", FieldType::id, 18),
                   field("IsDeleted", FieldType::boolean),
                   field("SystemModstamp", FieldType::datetime),
                   field("LastName"),
                   field("Phone", FieldType::phone, 40),
                   field("Ext__c", FieldType::string, 36)};
  schema.fields[3].nillable = false;
  schema.fields[5].external_id = schema.fields[5].unique = true;
  FieldSchema address = field("MailingAddress", FieldType::address);
  FieldSchema city = field("MailingCity");
  city.compound_field = "MailingAddress";
  schema.fields.push_back(address);
  schema.fields.push_back(city);
  return schema;
}

FileMapping wanted(std::initializer_list<const char*> fields) {
  FileMapping mapping;
  mapping.object = "contact";
  mapping.path = "mappings[0]";
  for (const char* name : fields) mapping.fields.push_back({name, std::nullopt});
  return mapping;
}

TEST(MappingFile, ReadsAnExportOfHerokuConnect) {
  auto parsed = read(kExport);
  EXPECT_TRUE(parsed.problems.empty());
  EXPECT_EQ(parsed.file.organization_id, "00D000000000001EAA");
  ASSERT_EQ(parsed.file.mappings.size(), 2U);
  const FileMapping& mapping = parsed.file.mappings[0];
  EXPECT_EQ(mapping.access, Access::read_write);
  EXPECT_EQ(mapping.upsert_field, "Ext__c");
  EXPECT_EQ(mapping.polling_seconds, 120);
  EXPECT_EQ(mapping.conflict, ConflictPolicy::postgres);
  EXPECT_EQ(mapping.delete_conflict, ConflictPolicy::salesforce);
  EXPECT_EQ(mapping.fields[0], (FileField{"Phone", ConflictPolicy::salesforce}));
  EXPECT_TRUE(mapping.indexes[0].unique);
}

TEST(MappingFile, WritesTheSameTextWhateverTheOrder) {
  auto parsed = read(kExport);
  const std::string text = write_mapping_file(parsed.file);
  std::ranges::reverse(parsed.file.mappings);
  for (FileMapping& mapping : parsed.file.mappings) std::ranges::reverse(mapping.fields);
  EXPECT_EQ(write_mapping_file(parsed.file), text);
  EXPECT_EQ(write_mapping_file(read(text).file), text);
  EXPECT_LT(text.find("\"Contact\""), text.find("\"account\""));
}

TEST(MappingFile, SaysWhereAndWhat) {
  EXPECT_EQ(
      only_problem(R"({"version":1,"mappings":[{"object_name":"A","config":{"access":"both","fields":{}}}]})").path,
      "mappings[0].config.access");
  EXPECT_THAT(
      only_problem(
          R"({"version":1,"mappings":[{"object_name":"A","config":{"access":"read_only","fields":{"X":{"conflict":"hodl"}}}}]})")
          .message,
      HasSubstr("did you mean hold?"));
  EXPECT_THAT(
      only_problem(
          R"({"version":1,"mappings":[{"object_name":"A","config":{"access":"read_only","conflict":"max","fields":{}}}]})")
          .message,
      HasSubstr("a policy of one field"));
  EXPECT_EQ(
      only_problem(
          R"({"version":1,"mappings":[{"object_name":"A","config":{"access":"read_only","groups":{"G":"X"},"fields":{}}}]})")
          .path,
      "mappings[0].config.groups.G");
  EXPECT_EQ(only_problem(R"({"version":2,"mappings":[]})").path, "version");
  EXPECT_EQ(only_problem(R"({"version":1})").path, "mappings");
  EXPECT_EQ(only_problem(R"({"version":1,"mappings":[7]})").path, "mappings[0]");
  EXPECT_EQ(
      only_problem(
          R"({"version":1,"mappings":[{"object_name":"A","config":{"access":"read_only","sf_polling_seconds":0,"fields":{}}}]})")
          .path,
      "mappings[0].config.sf_polling_seconds");
  EXPECT_THAT(
      only_problem(
          R"({"version":1,"mappings":[{"object_name":"A","config":{"access":"read_only","fields":{"a":{},"A":{}}}}]})")
          .message,
      HasSubstr("twice"));
}

TEST(MappingFile, UnknownKeysAreNamedAndTolerated) {
  const MappingProblem problem = only_problem(
      R"({"version":1,"mappings":[{"object_name":"A","config":{"access":"read_only","conflit":"newest","fields":{}}}]})");
  EXPECT_FALSE(problem.fatal);
  EXPECT_EQ(problem.path, "mappings[0].config.conflit");
  EXPECT_THAT(problem.message, HasSubstr("did you mean conflict?"));
}

TEST(MappingFile, RefusesWhatIsNoJsonObject) {
  EXPECT_FALSE(read_mapping_file("[]"));
  EXPECT_FALSE(read_mapping_file(""));
  EXPECT_THAT(read_mapping_file("{\n\"version\":1,\n,}").error().message, HasSubstr("line 3"));
  EXPECT_FALSE(read_mapping_file(std::string(kMaxMappingFileBytes + 1, ' ')));
  EXPECT_FALSE(read_mapping_file(std::string(100'000, '[')));
  EXPECT_FALSE(read_mapping_file("{\"mappings\":\"\xff\"}"));
}

TEST(ResolveMapping, SpellsNamesAsTheOrgAndAddsWhatIsNeeded) {
  FileMapping file = wanted({"lastname"});
  file.access = Access::read_write;
  file.upsert_field = "ext__C";
  const ResolvedMapping resolved = resolve_mapping(file, contact());
  EXPECT_TRUE(resolved.problems.empty());
  EXPECT_EQ(resolved.mapping.object, "Contact");
  EXPECT_EQ(resolved.mapping.table, "contact");
  EXPECT_EQ(resolved.mapping.upsert_field, "Ext__c");
  std::vector<std::string> columns;
  for (const MappedField& mapped : resolved.mapping.fields) columns.push_back(mapped.column);
  EXPECT_THAT(columns, ::testing::ElementsAre("lastname", "sfid", "systemmodstamp", "isdeleted", "ext__c"));
  EXPECT_EQ(resolved.mapping.indexes.size(), 3U);
}

TEST(ResolveMapping, UnknownFieldComesWithTheNearestName) {
  const ResolvedMapping resolved = resolve_mapping(wanted({"LastNam"}), contact());
  ASSERT_EQ(resolved.problems.size(), 1U);
  EXPECT_TRUE(resolved.problems[0].fatal);
  EXPECT_EQ(resolved.problems[0].path, "mappings[0].config.fields.LastNam");
  EXPECT_THAT(resolved.problems[0].message, HasSubstr("did you mean LastName?"));
}

TEST(ResolveMapping, CompoundFieldsNameTheirParts) {
  const ResolvedMapping resolved = resolve_mapping(wanted({"MailingAddress"}), contact());
  EXPECT_THAT(resolved.problems.at(0).advice, HasSubstr("MailingCity"));
}

TEST(ResolveMapping, WritingNeedsAUniqueExternalId) {
  FileMapping file = wanted({"LastName"});
  file.access = Access::read_write;
  EXPECT_FALSE(resolve_mapping(file, contact()).problems.at(0).fatal);
  file.upsert_field = "Phone";
  EXPECT_TRUE(resolve_mapping(file, contact()).problems.at(0).fatal);
  file.upsert_field = "Ext_c";
  EXPECT_THAT(resolve_mapping(file, contact()).problems.at(0).message, HasSubstr("did you mean Ext__c?"));
  file.upsert_field = "Ext__c";
  ObjectSchema schema = contact();
  schema.fields[5].length = 8;
  EXPECT_THAT(resolve_mapping(file, schema).problems.at(0).message, HasSubstr("too small"));
}

TEST(ResolveMapping, NamesMissingPermissionsAndRequiredFields) {
  FileMapping file = wanted({"Phone"});
  file.access = Access::read_write;
  file.upsert_field = "Ext__c";
  EXPECT_THAT(resolve_mapping(file, contact()).problems.at(0).message, HasSubstr("LastName"));
  ObjectSchema schema = contact();
  schema.createable = schema.updateable = schema.deletable = false;
  EXPECT_TRUE(resolve_mapping(file, schema).problems.at(0).fatal);
}

std::string problem_of(const FileMapping& file, const ObjectSchema& schema = contact()) {
  const ResolvedMapping resolved = resolve_mapping(file, schema);
  for (const MappingProblem& problem : resolved.problems) {
    if (problem.fatal) return problem.path.substr(problem.path.rfind("config.") + 7) + " " + problem.message;
  }
  return {};
}

TEST(ResolveMapping, AMergeFunctionNeedsAFieldOfItsType) {
  FileMapping file = wanted({"LastName"});
  file.fields[0].conflict = ConflictPolicy::add;
  EXPECT_THAT(problem_of(file), HasSubstr("is \"add\", which is for numbers; LastName is of type string"));
  file.fields[0].conflict = ConflictPolicy::text;
  EXPECT_EQ(problem_of(file), "");
}

TEST(ResolveMapping, GroupsAreOfMappedFieldsThatShareAPolicy) {
  FileMapping file = wanted({"LastName", "Phone", "MailingCity"});
  file.groups = {{"G", {"lastname", "Phone"}}};
  const ResolvedMapping resolved = resolve_mapping(file, contact());
  EXPECT_TRUE(resolved.problems.empty());
  EXPECT_THAT(resolved.mapping.groups.at(0).fields, ::testing::ElementsAre("LastName", "Phone"));
  ASSERT_NE(resolved.mapping.group_of("phone"), nullptr);

  file.groups = {{"G", {"LastName", "Phon"}}};
  EXPECT_THAT(problem_of(file), HasSubstr("groups.G names Phon, which is not mapped – did you mean Phone?"));
  file.groups = {{"G", {"LastName", "Phone"}}, {"H", {"Phone", "MailingCity"}}};
  EXPECT_THAT(problem_of(file), HasSubstr("in the group G already"));
  file.groups = {{"G", {"LastName"}}};
  EXPECT_THAT(problem_of(file), HasSubstr("fewer than two"));
  file.groups = {{"G", {"LastName", "Phone"}}};
  file.fields[0].conflict = ConflictPolicy::hold;
  EXPECT_EQ(problem_of(file), "");
  EXPECT_EQ(resolve_mapping(file, contact()).mapping.policy_for("Phone"), ConflictPolicy::hold);
  file.fields[1].conflict = ConflictPolicy::postgres;
  EXPECT_THAT(problem_of(file), HasSubstr("LastName has the policy \"hold\", Phone has \"postgres\""));
  file.fields[1].conflict = std::nullopt;
  file.fields[0].conflict = ConflictPolicy::text;
  EXPECT_THAT(problem_of(file), HasSubstr("for a field alone"));
  file.fields[0].conflict = std::nullopt;
  file.access = Access::read_write;
  file.upsert_field = "Ext__c";
  ObjectSchema schema = contact();
  schema.fields[4].updateable = false;
  EXPECT_THAT(problem_of(file, schema), HasSubstr("may not edit Phone"));
}

TEST(ResolveMapping, RecordsAreMatchedByExactFieldsOnly) {
  FileMapping file = wanted({"LastName", "Phone"});
  file.match = {"phone"};
  EXPECT_THAT(resolve_mapping(file, contact()).mapping.match, ::testing::ElementsAre("Phone"));
  ObjectSchema schema = contact();
  schema.fields[4].type = FieldType::textarea;
  EXPECT_THAT(problem_of(file, schema), HasSubstr("cannot be matched by Phone"));
}

TEST(ResolveMapping, MatchingSaysWhatItCannotKnowAndWhatItCosts) {
  FileMapping file = wanted({"LastName", "Phone"});
  file.match = {"Phone"};
  auto notes = [&](const ObjectSchema& schema) {
    std::string all;
    for (const MappingProblem& problem : resolve_mapping(file, schema).problems) all += problem.message + "\n";
    return all;
  };
  ObjectSchema schema = contact();
  EXPECT_THAT(notes(schema), HasSubstr("no field of Phone is unique"));
  EXPECT_THAT(notes(schema), HasSubstr("keeps no index of Phone"));
  schema.fields[4].external_id = true;
  EXPECT_THAT(notes(schema), HasSubstr("no field of Phone is unique"));
  EXPECT_THAT(notes(schema), ::testing::Not(HasSubstr("keeps no index")));
  schema.fields[4].unique = true;
  EXPECT_THAT(notes(schema), ::testing::Not(HasSubstr("unique")));
}

TEST(ResolveMapping, GoesBackToTheFile) {
  FileMapping file = wanted({"LastName", "Phone"});
  file.fields[1].conflict = ConflictPolicy::postgres;
  file.conflict = ConflictPolicy::salesforce;
  file.delete_conflict = ConflictPolicy::hold;
  file.groups = {{"G", {"Phone", "LastName"}}};
  file.match = {"Phone"};
  const Mapping mapping = resolve_mapping(file, contact()).mapping;
  const Mapping again = resolve_mapping(to_file_mapping(mapping), contact()).mapping;
  EXPECT_EQ(again.policy_for("Phone"), ConflictPolicy::postgres);
  EXPECT_EQ(again.policy_for("LastName"), ConflictPolicy::postgres) << "of its group";
  EXPECT_EQ(again.delete_conflict, ConflictPolicy::hold);
  EXPECT_EQ(again.groups, mapping.groups);
  EXPECT_EQ(again.match, mapping.match);
  EXPECT_EQ(again.fields.size(), mapping.fields.size());
}

ObjectSchema contact_with_account() {
  ObjectSchema schema = contact();
  FieldSchema reference = field("AccountId", FieldType::reference, 18);
  reference.relationship_name = "Account";
  reference.reference_to = {"Account"};
  reference.createable = reference.updateable = true;
  schema.fields.push_back(reference);
  return schema;
}

TEST(ResolveMapping, NamesAParentByItsExternalId) {
  ObjectSchema account;
  account.name = "Account";
  account.fields = {field("Ext__c", FieldType::string, 36)};
  account.fields[0].external_id = true;
  const auto find = [&](std::string_view object) { return object == "Account" ? &account : nullptr; };
  EXPECT_THAT(parents_named(wanted({"account__ext__c"}), contact_with_account()), ::testing::ElementsAre("Account"));
  for (const char* name : {"Account.Ext__c", "account.ext__c", "account__ext__c"}) {
    const ResolvedMapping resolved = resolve_mapping(wanted({name}), contact_with_account(), find);
    ASSERT_TRUE(resolved.problems.empty()) << name;
    const MappedField* key = resolved.mapping.find("Account.Ext__c");
    ASSERT_TRUE(key) << name;
    EXPECT_EQ(key->column, "account__ext__c");
    EXPECT_EQ(key->schema.length, 36);
    EXPECT_FALSE(key->schema.external_id);
    EXPECT_EQ(key->parent->reference, "AccountId");
    EXPECT_TRUE(resolved.mapping.find("AccountId")) << "what events speak of";
    EXPECT_EQ(to_file_mapping(resolved.mapping).fields.front().name, "Account.Ext__c");
  }
  account.fields[0].external_id = false;
  EXPECT_TRUE(resolve_mapping(wanted({"Account.Ext__c"}), contact_with_account(), find).problems.at(0).fatal);
}

TEST(ResolveMapping, AParentOfSeveralObjectsIsNamedById) {
  ObjectSchema schema = contact_with_account();
  schema.fields.back().reference_to = {"Account", "Lead"};
  const ResolvedMapping resolved = resolve_mapping(wanted({"Account.Ext__c"}), schema);
  EXPECT_THAT(resolved.problems.at(0).advice, HasSubstr("map AccountId itself"));
}

TEST(ResolveMapping, OrderedIsKept) {
  std::string text = kExport;
  text.replace(text.find("\"conflict\":\"postgres\""), 0, "\"ordered\":true,");
  const FileMapping file = read(text).file.mappings.front();
  EXPECT_TRUE(file.ordered);
  EXPECT_TRUE(to_file_mapping(resolve_mapping(file, contact()).mapping).ordered);
  EXPECT_THAT(write_mapping_file(read(text).file), HasSubstr("\"ordered\": true"));
}

TEST(UnknownObject, ComesWithTheNearestName) {
  FileMapping file = wanted({});
  file.object = "Acount";
  EXPECT_THAT(unknown_object(file, {"Account", "Contact"}).message, HasSubstr("did you mean Account?"));
}

}  // namespace
}  // namespace duet::codec
