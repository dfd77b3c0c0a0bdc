#include "codec/parent_path.h"

namespace duet::codec {

std::optional<ParentPath> parent_path(std::string_view name, const ObjectSchema& schema) {
  const auto dot = name.find('.');
  for (const FieldSchema& field : schema.fields) {
    const std::string& relationship = field.relationship_name;
    if (field.type != FieldType::reference || relationship.empty()) continue;
    if (dot != std::string_view::npos) {
      if (equals_ignoring_case(name.substr(0, dot), relationship))
        return ParentPath{&field, std::string(name.substr(dot + 1))};
      continue;
    }
    const std::string lead = to_lower(relationship) + "__";
    if (name.size() > lead.size() && to_lower(name).starts_with(lead))
      return ParentPath{&field, std::string(name.substr(lead.size()))};
  }
  return std::nullopt;
}

}  // namespace duet::codec
