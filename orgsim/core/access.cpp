#include "orgsim/core/access.h"

#include <algorithm>
#include <array>

#include "orgsim/core/ascii.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/org_state.h"
#include "orgsim/core/row_view.h"

namespace orgsim {

namespace {

/// Readable by everybody, writable by nobody without Modify All Data: there are no object permissions for them.
constexpr std::array<std::string_view, 10> kOpen = {
    "Organization", "User",         "Profile",       "UserRole",  "Group",
    "RecordType",   "CurrencyType", "PermissionSet", "PushTopic", "StreamingChannel"};

class Reader {
 public:
  explicit Reader(const Org::Impl& org) : snapshot_(org.all_commits()) {}

  /// Calls visit for each live row of the object whose reference is this id.
  template <typename Visit>
  void each(const char* object_name, const char* reference, const std::string& id, Visit visit) const {
    const ObjectDef& object = *snapshot_.org->schema.object(object_name);
    const Table& table = snapshot_.org->table(object);
    table.find(*object.field(reference), std::string_view(id), [&](std::uint32_t slot) {
      if (table.state(slot) == RowState::live) visit(snapshot_.row(object, slot));
      return true;
    });
  }
  static std::string text(const RowView& row, const char* name) {
    IdBuffer id;
    const CellView cell = row.cell(*row.object->field(name), id);
    const auto* text = std::get_if<std::string_view>(&cell);
    return text != nullptr ? std::string(*text) : std::string();
  }
  static bool flag(const RowView& row, const char* name) {
    IdBuffer id;
    return row.cell(*row.object->field(name), id) == CellView{true};
  }
  [[nodiscard]] std::optional<RowView> row(std::string_view id) const { return snapshot_.row_of_id(id); }

 private:
  Snapshot snapshot_;
};

void add_permissions(const Reader& in, const std::string& set, Access& access) {
  in.each("ObjectPermissions", "ParentId", set, [&access](const RowView& row) {
    ObjectAccess& to = access.objects[lower(Reader::text(row, "SobjectType"))];
    to.read |= Reader::flag(row, "PermissionsRead");
    to.create |= Reader::flag(row, "PermissionsCreate");
    to.edit |= Reader::flag(row, "PermissionsEdit");
    to.remove |= Reader::flag(row, "PermissionsDelete");
    to.view_all |= Reader::flag(row, "PermissionsViewAllRecords");
    to.modify_all |= Reader::flag(row, "PermissionsModifyAllRecords");
  });
  in.each("FieldPermissions", "ParentId", set, [&access](const RowView& row) {
    FieldAccess& to = access.fields[lower(Reader::text(row, "Field"))];
    to.read |= Reader::flag(row, "PermissionsRead");
    to.edit |= Reader::flag(row, "PermissionsEdit");
  });
}

Access read_access(const Org::Impl& org, std::string_view user_id) {
  const Reader in(org);
  Access access;
  const auto user = in.row(user_id);
  const std::string profile_id = user && user->object->name == "User" ? Reader::text(*user, "ProfileId") : "";
  const auto profile = in.row(profile_id);
  access.all_data = profile && Reader::flag(*profile, "PermissionsModifyAllData");
  std::vector<std::string> sets;
  const auto add_set = [&](const RowView& row) {
    sets.push_back(org.id_of(row_key(row.object->index, row.slot)));
    access.all_data |= Reader::flag(row, "PermissionsModifyAllData");
  };
  if (!profile_id.empty()) in.each("PermissionSet", "ProfileId", profile_id, add_set);
  in.each("PermissionSetAssignment", "AssigneeId", std::string(user_id), [&](const RowView& row) {
    if (const auto set = in.row(Reader::text(row, "PermissionSetId"))) add_set(*set);
  });
  for (const std::string& set : sets) add_permissions(in, set, access);
  return access;
}

}  // namespace

ObjectAccess Access::to(const ObjectDef& object) const {
  if (all_data) {
    return {.read = true, .create = true, .edit = true, .remove = true, .view_all = true, .modify_all = true};
  }
  if (std::ranges::find(kOpen, object.name) != kOpen.end()) return {.read = true, .view_all = true};
  const auto found = objects.find(lower(object.name));
  return found == objects.end() ? ObjectAccess{} : found->second;
}

FieldAccess Access::to(const ObjectDef& object, const FieldDef& field) const {
  constexpr FieldAccess kAll = {.read = true, .edit = true};
  // The parts of an address and the like go with it.
  const FieldDef* whole = field.compound_name.empty() ? nullptr : object.field(field.compound_name);
  const FieldDef& named = whole != nullptr ? *whole : field;
  const bool is_part_of_address = whole != nullptr && is_compound(whole->type);
  const bool subject = (is_compound(named.type) || named.permissionable()) && (whole == nullptr || is_part_of_address);
  if (!subject || object.setup == Setup::access) return kAll;
  if (all_data && !named.guarded) return kAll;
  if (std::ranges::find(kOpen, object.name) != kOpen.end()) return kAll;
  const auto found = fields.find(lower(object.name + "." + named.name));
  return found == fields.end() ? FieldAccess{} : found->second;
}

std::shared_ptr<const UserView> Org::Impl::view(std::string_view user_id) const {
  const std::uint64_t generation = access_generation + schema.revision();
  auto& known = views[std::string(user_id)];
  if (known && known->generation == generation) return known;
  auto made = std::make_shared<UserView>();
  made->generation = generation;
  made->access = read_access(*this, user_id);
  made->is_whole = made->access.all_data && !schema.has_guarded_fields();
  made->schema = made->is_whole ? std::shared_ptr<const Schema>(std::shared_ptr<void>(), &schema)
                                : std::make_shared<const Schema>(schema.seen_with(made->access));
  known = std::move(made);
  return known;
}

RecordAccess Org::Impl::record_access(const UserView& view, const ObjectDef& object, std::string_view user_id,
                                      std::string_view owner_id) const {
  if (view.access.all_data || owner_id == user_id || object.field("OwnerId") == nullptr) return {true, true};
  const ObjectAccess to = view.access.to(object);
  return {.read = object.sharing != Sharing::none || to.view_all || to.modify_all,
          .edit = object.sharing == Sharing::read_write || to.modify_all};
}

std::string Org::Impl::owner_of(const ObjectDef& object, std::uint32_t slot) const {
  const FieldDef* owner = object.field("OwnerId");
  if (owner == nullptr) return {};
  IdBuffer id;
  const CellView cell = find_cell(table(object).packed(slot), owner->index, id);
  const auto* text = std::get_if<std::string_view>(&cell);
  return text != nullptr ? std::string(*text) : std::string();
}

}  // namespace orgsim
