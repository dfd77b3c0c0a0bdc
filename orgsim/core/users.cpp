// POST /orgsim/users: users whose permissions are those of a profile of their own.
//   {"username":"limited@orgsim.example","lastName":"Limited","active":true,"currency":"EUR","admin":false,
//    "objects":{"Contact":{"read":true,"create":true,"edit":true,"delete":true,"viewAll":true,"modifyAll":false}},
//    "fields":{"Contact.Phone":"hidden"|"read"|"edit"}}
// An object that is named has the permissions shown unless it says otherwise, and all its fields can be edited; one
// that is not named cannot be seen. An existing user's permissions become those given.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "orgsim/core/ascii.h"
#include "orgsim/core/org_state.h"

namespace orgsim {

namespace {

using nlohmann::json;
using Fields = std::vector<std::pair<const char*, Value>>;

std::unexpected<Error> bad(const std::string& what) { return fail(codes::kJsonParser, "users: " + what); }

Outcome<void> check_shape(const Schema& schema, const json& definition) {
  if (!definition.is_object() || !definition.contains("username") || !definition["username"].is_string()) {
    return bad("a user needs a 'username'");
  }
  for (const auto& [key, value] : definition.items()) {
    const bool text = key == "username" || key == "lastName" || key == "currency";
    const bool flag = key == "active" || key == "admin";
    const bool map = key == "objects" || key == "fields";
    if ((!text && !flag && !map) || (text && !value.is_string()) || (flag && !value.is_boolean()) ||
        (map && !value.is_object())) {
      return bad(fmt::format("'{}' is unknown or has the wrong type", key));
    }
  }
  const json objects = definition.value("objects", json::object());
  const json fields = definition.value("fields", json::object());
  for (const auto& [name, access] : objects.items()) {
    if (schema.object(name) == nullptr) return bad(fmt::format("there is no object '{}'", name));
    if (!access.is_object()) return bad(fmt::format("the permissions of '{}' must be an object", name));
    for (const auto& [key, value] : access.items()) {
      const bool known = key == "read" || key == "create" || key == "edit" || key == "delete" || key == "viewAll" ||
                         key == "modifyAll";
      if (!known || !value.is_boolean()) return bad(fmt::format("'{}' is no permission of an object", key));
    }
  }
  for (const auto& [name, level] : fields.items()) {
    const std::size_t dot = name.find('.');
    const ObjectDef* object = dot == std::string::npos ? nullptr : schema.object(name.substr(0, dot));
    if (object == nullptr || object->field(name.substr(dot + 1)) == nullptr) {
      return bad(fmt::format("there is no field '{}'", name));
    }
    if (level != "hidden" && level != "read" && level != "edit") {
      return bad(fmt::format("'{}' must be hidden, read or edit", name));
    }
  }
  return {};
}

/// Writes users and their permissions as rows.
class UserWriter {
 public:
  explicit UserWriter(Org::Impl& org) : org_(org) {}

  json write(const json& definition) {
    const auto username = definition["username"].get<std::string>();
    const auto user = find("User", "Username", username);
    std::string profile = text(user, "User", "ProfileId");
    const bool admin = definition.value("admin", false);
    const std::string administrator = org_.id_of(row_key(org_.schema.object("Profile")->index, 0));
    if (admin) {
      profile = administrator;
    } else if (profile.empty() || profile == administrator) {
      profile = put("Profile", std::nullopt, {{"Name", username}, {"UserType", "Standard"}});
    }
    const std::string id = put_user(definition, username, profile, user);
    if (!admin && (!user || definition.contains("objects") || definition.contains("fields"))) {
      permit(permission_set(profile, username), definition);
    }
    return {{"id", id}, {"username", username}};
  }

 private:
  std::optional<std::uint32_t> find(const char* object_name, const char* field, const std::string& value) {
    const ObjectDef& object = *org_.schema.object(object_name);
    const Table& table = org_.table(object);
    std::optional<std::uint32_t> found;
    table.find(*object.field(field), std::string_view(value), [&](std::uint32_t slot) {
      if (table.state(slot) == RowState::live) found = slot;
      return !found;
    });
    return found;
  }
  std::string text(std::optional<std::uint32_t> slot, const char* object_name, const char* field) {
    if (!slot) return {};
    const ObjectDef& object = *org_.schema.object(object_name);
    IdBuffer id;
    const CellView cell = find_cell(org_.table(object).packed(*slot), object.field(field)->index, id);
    const auto* text = std::get_if<std::string_view>(&cell);
    return text != nullptr ? std::string(*text) : std::string();
  }
  std::string put(const char* object, std::optional<std::uint32_t> slot, const Fields& fields) {
    return org_.put_row(*org_.schema.object(object), slot, fields);
  }

  std::string put_user(const json& definition, const std::string& username, const std::string& profile,
                       std::optional<std::uint32_t> slot) {
    Fields fields = {{"ProfileId", profile}};
    if (!slot || definition.contains("active")) fields.emplace_back("IsActive", definition.value("active", true));
    if (!slot || definition.contains("lastName")) {
      const auto last_name = definition.value("lastName", username);
      fields.insert(fields.end(), {{"LastName", last_name}, {"Name", last_name}});
    }
    if (definition.contains("currency")) {
      for (const char* name : {"DefaultCurrencyIsoCode", "CurrencyIsoCode"}) {
        fields.emplace_back(name, definition["currency"].get<std::string>());
      }
    }
    if (!slot) {
      const std::string alias = username.substr(0, std::min<std::size_t>(8, username.find('@')));
      fields.insert(fields.end(), {{"Username", username},
                                   {"Email", username},
                                   {"Alias", alias},
                                   {"CommunityNickname", username.substr(0, 40)},
                                   {"UserType", "Standard"},
                                   {"TimeZoneSidKey", "America/Los_Angeles"},
                                   {"LocaleSidKey", "en_US"},
                                   {"LanguageLocaleKey", "en_US"},
                                   {"EmailEncodingKey", "UTF-8"}});
    }
    return put("User", slot, fields);
  }

  std::string permission_set(const std::string& profile, const std::string& username) {
    const auto known = find("PermissionSet", "ProfileId", profile);
    if (known) return org_.id_of(row_key(org_.schema.object("PermissionSet")->index, *known));
    return put("PermissionSet", std::nullopt,
               {{"Name", "X00e_" + username},
                {"Label", "00e_" + username},
                {"ProfileId", profile},
                {"IsOwnedByProfile", true},
                {"Type", "Profile"},
                {"PermissionsApiEnabled", true}});
  }

  /// The rows of a permission set in this object, by the name that they are for.
  std::map<std::string, std::uint32_t> rows_of(const char* object_name, const char* name_field,
                                               const std::string& set) {
    const ObjectDef& object = *org_.schema.object(object_name);
    const Table& table = org_.table(object);
    std::map<std::string, std::uint32_t> rows;
    table.find(*object.field("ParentId"), std::string_view(set), [&](std::uint32_t slot) {
      if (table.state(slot) == RowState::live) rows[lower(text(slot, object_name, name_field))] = slot;
      return true;
    });
    return rows;
  }

  void permit(const std::string& set, const json& definition) {
    auto object_rows = rows_of("ObjectPermissions", "SobjectType", set);
    auto field_rows = rows_of("FieldPermissions", "Field", set);
    const auto take = [](auto& rows, const std::string& name) -> std::optional<std::uint32_t> {
      const auto found = rows.find(lower(name));
      if (found == rows.end()) return std::nullopt;
      const std::uint32_t slot = found->second;
      rows.erase(found);
      return slot;
    };
    std::map<std::string, std::string> levels;
    const json objects = definition.value("objects", json::object());
    const json fields = definition.value("fields", json::object());
    for (const auto& [name, level] : fields.items()) levels[lower(name)] = level;
    for (const auto& [name, access] : objects.items()) {
      const ObjectDef& object = *org_.schema.object(name);
      put("ObjectPermissions", take(object_rows, object.name),
          {{"ParentId", set},
           {"SobjectType", object.name},
           {"PermissionsRead", access.value("read", true)},
           {"PermissionsCreate", access.value("create", true)},
           {"PermissionsEdit", access.value("edit", true)},
           {"PermissionsDelete", access.value("delete", true)},
           {"PermissionsViewAllRecords", access.value("viewAll", true)},
           {"PermissionsModifyAllRecords", access.value("modifyAll", false)}});
      for (const FieldDef& field : object.fields) {
        const std::string full = object.name + "." + field.name;
        const auto level = levels.find(lower(full));
        const bool subject = field.permissionable() || is_compound(field.type);
        if (field.removed || (!subject && level == levels.end())) continue;
        const std::string_view to = level == levels.end() ? "edit" : std::string_view(level->second);
        put("FieldPermissions", take(field_rows, full),
            {{"ParentId", set},
             {"SobjectType", object.name},
             {"Field", full},
             {"PermissionsRead", to != "hidden"},
             {"PermissionsEdit", to == "edit"}});
      }
    }
    // What is no longer given is taken away.
    for (const auto& [name, slot] : object_rows) {
      put("ObjectPermissions", slot,
          {{"PermissionsRead", false},
           {"PermissionsCreate", false},
           {"PermissionsEdit", false},
           {"PermissionsDelete", false},
           {"PermissionsViewAllRecords", false},
           {"PermissionsModifyAllRecords", false}});
    }
    for (const auto& [name, slot] : field_rows) {
      put("FieldPermissions", slot, {{"PermissionsRead", false}, {"PermissionsEdit", false}});
    }
  }

  Org::Impl& org_;
};

}  // namespace

Outcome<json> Org::apply_users(const json& definitions) {
  const json list = definitions.is_array() ? definitions : json::array({definitions});
  for (const json& definition : list) {
    if (auto good = check_shape(impl_->schema, definition); !good) return std::unexpected(good.error());
  }
  json answer = json::array();
  for (const json& definition : list) answer.push_back(UserWriter(*impl_).write(definition));
  return definitions.is_array() ? answer : answer.front();
}

}  // namespace orgsim
