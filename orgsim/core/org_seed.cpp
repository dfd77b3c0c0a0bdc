#include <initializer_list>

#include "orgsim/core/ids.h"
#include "orgsim/core/org_state.h"

namespace orgsim {

namespace {

struct SeedField {
  const char* name;
  Value value;
};

/// Puts a row that has always been there: no checks, no event.
std::string put(Org::Impl& org, const char* object_name, std::initializer_list<SeedField> fields) {
  const ObjectDef& object = *org.schema.object(object_name);
  std::vector<Value> values(object.fields.size());
  for (const FieldDef& field : object.fields) {
    if (field.type == FieldType::boolean && field.name != "IsDeleted") values[field.index] = false;
  }
  const auto set = [&](const char* name, Value value) {
    if (const FieldDef* field = object.field(name)) values[field->index] = std::move(value);
  };
  const Value now = static_cast<std::int64_t>(org.now_second()) * 1000;
  for (const char* date : {"CreatedDate", "LastModifiedDate"}) set(date, now);
  for (const char* user : {"CreatedById", "LastModifiedById"}) set(user, org.integration_user_id);
  for (const SeedField& field : fields) set(field.name, field.value);
  Table& table = org.table(object);
  const std::uint32_t slot = table.allocate();
  table.insert(slot, pack(object, values), org.now_second(), 0);
  return org.id_of(row_key(object.index, slot));
}

std::string put_user(Org::Impl& org, const std::string& profile, const char* first, const char* last,
                     const char* alias) {
  const std::string login = std::string(alias) + "@orgsim.example";
  return put(org, "User",
             {{"Username", login},
              {"FirstName", std::string(first)},
              {"LastName", std::string(last)},
              {"Name", std::string(first) + " " + last},
              {"Email", login},
              {"Alias", std::string(alias)},
              {"CommunityNickname", std::string(alias)},
              {"IsActive", true},
              {"UserType", "Standard"},
              {"ProfileId", profile},
              {"TimeZoneSidKey", "America/Los_Angeles"},
              {"LocaleSidKey", "en_US"},
              {"LanguageLocaleKey", "en_US"},
              {"EmailEncodingKey", "UTF-8"}});
}

}  // namespace

void Org::Impl::seed_rows() {
  // The first user's id is needed by rows that come before the user itself.
  integration_user_id = make_id(schema.object("User")->key_prefix, 0);
  new_commit(
      {.user_id = integration_user_id, .client = {}, .api = {}, .version = {}, .transport = Transport::internal});
  organization_id = put(*this, "Organization",
                        {{"Name", "Simulated Org"},
                         {"OrganizationType", "Developer Edition"},
                         {"InstanceName", "SIM1"},
                         {"IsSandbox", false},
                         {"LanguageLocaleKey", "en_US"},
                         {"DefaultLocaleSidKey", "en_US"},
                         {"TimeZoneSidKey", "America/Los_Angeles"}});
  const std::string profile =
      put(*this, "Profile",
          {{"Name", "System Administrator"}, {"UserType", "Standard"}, {"PermissionsModifyAllData", true}});
  put(*this, "PermissionSet",
      {{"Name", "X00e_System_Administrator"},
       {"Label", "00e_System_Administrator"},
       {"ProfileId", profile},
       {"IsOwnedByProfile", true},
       {"Type", "Profile"},
       {"PermissionsViewAllData", true},
       {"PermissionsModifyAllData", true},
       {"PermissionsApiEnabled", true},
       {"PermissionsCustomizeApplication", true},
       {"PermissionsModifyMetadata", true}});
  put_user(*this, profile, "Integration", "User", "integration");
  other_user_id = put_user(*this, profile, "Ada", "Admin", "admin");
  put(*this, "Pricebook2", {{"Name", "Standard Price Book"}, {"IsActive", true}, {"IsStandard", true}});
}

}  // namespace orgsim
