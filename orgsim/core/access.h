#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "orgsim/core/schema.h"

namespace orgsim {

struct ObjectAccess {
  bool read = false;
  bool create = false;
  bool edit = false;
  bool remove = false;
  bool view_all = false;
  bool modify_all = false;
};

struct FieldAccess {
  bool read = false;
  bool edit = false;
};

/// What one user may do, from the rows of Profile, PermissionSet, PermissionSetAssignment, ObjectPermissions and
/// FieldPermissions. A profile with Modify All Data may do everything, except see fields that were made by the Tooling
/// or Metadata API and granted to nobody yet; everybody else needs a row for each object and field.
struct Access {
  bool all_data = false;
  std::unordered_map<std::string, ObjectAccess> objects;  ///< by lower-case name
  std::unordered_map<std::string, FieldAccess> fields;    ///< by lower-case "object.field"

  [[nodiscard]] ObjectAccess to(const ObjectDef& object) const;
  [[nodiscard]] FieldAccess to(const ObjectDef& object, const FieldDef& field) const;
};

/// The org as one user sees it. `schema` is the org's own when nothing is hidden from the user.
struct UserView {
  std::shared_ptr<const Schema> schema;
  Access access;
  bool is_whole = true;
  std::uint64_t generation = 0;
};

}  // namespace orgsim
