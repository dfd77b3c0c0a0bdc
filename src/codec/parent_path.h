#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/schema.h"

namespace duet::codec {

/// A field of a mapping file that names the parent's external id: `Account.Ext__c`, or as its column, `account__ext__c`
/// (spec/heroku-connect.md §3.4).
struct ParentPath {
  const FieldSchema* reference = nullptr;  ///< `AccountId`
  std::string key_field;                   ///< as the file spells it
};

/// Nothing when the object has no such relationship.
std::optional<ParentPath> parent_path(std::string_view name, const ObjectSchema& schema);

}  // namespace duet::codec
