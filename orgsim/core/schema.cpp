#include "orgsim/core/schema.h"

#include <algorithm>

#include "orgsim/core/access.h"
#include "orgsim/core/ascii.h"
#include "orgsim/core/schema_edit.h"

namespace orgsim {

const FieldDef* ObjectDef::field(std::string_view field_name) const {
  const auto found = by_name_.find(lower(field_name));
  return found == by_name_.end() ? nullptr : &fields[found->second];
}

const FieldDef* ObjectDef::relationship(std::string_view relationship_name) const {
  const auto found = by_relationship_.find(lower(relationship_name));
  return found == by_relationship_.end() ? nullptr : &fields[found->second];
}

const FieldDef* ObjectDef::name_field() const {
  const auto found = std::ranges::find_if(fields, [](const FieldDef& field) { return field.name_field; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<const FieldDef*> ObjectDef::parts(std::string_view compound) const {
  std::vector<const FieldDef*> parts;
  for (const FieldDef& field : fields) {
    if (!field.removed && field.compound_name == compound && field.name != compound) parts.push_back(&field);
  }
  return parts;
}

std::string ObjectDef::change_event_name() const {
  if (name.ends_with("__c")) return name.substr(0, name.size() - 1) + "ChangeEvent";
  return name + "ChangeEvent";
}

const RecordTypeDef* ObjectDef::record_type(std::string_view id) const {
  const auto found = std::ranges::find(record_types, id, &RecordTypeDef::id);
  return found == record_types.end() ? nullptr : &*found;
}

const FieldDef* ObjectDef::hidden_field(std::string_view wanted) const {
  const auto found = std::ranges::find_if(
      fields, [wanted](const FieldDef& field) { return field.hidden && same_name(field.name, wanted); });
  return found == fields.end() ? nullptr : &*found;
}

void ObjectDef::reindex() {
  by_name_.clear();
  by_relationship_.clear();
  for (const FieldDef& field : fields) {
    if (field.removed) continue;
    by_name_[lower(field.name)] = field.index;
    if (field.type == FieldType::reference && !field.relationship_name.empty()) {
      by_relationship_[lower(field.relationship_name)] = field.index;
    }
  }
}

const ObjectDef* Schema::object(std::string_view name) const {
  const auto found = by_name_.find(lower(name));
  return found == by_name_.end() ? nullptr : &objects_[found->second];
}

const ObjectDef* Schema::object_by_prefix(std::string_view key_prefix) const {
  const auto found = by_prefix_.find(std::string(key_prefix.substr(0, 3)));
  return found == by_prefix_.end() ? nullptr : &objects_[found->second];
}

const ObjectDef* Schema::object_by_change_event(std::string_view event_name) const {
  constexpr std::string_view kSuffix = "ChangeEvent";
  if (!event_name.ends_with(kSuffix)) return nullptr;
  std::string name(event_name.substr(0, event_name.size() - kSuffix.size()));
  if (name.ends_with("__")) name += 'c';
  return object(name);
}

ObjectDef& Schema::add(ObjectDef object) {
  object.index = static_cast<std::uint16_t>(objects_.size());
  for (std::size_t i = 0; i < object.fields.size(); ++i) object.fields[i].index = static_cast<std::uint16_t>(i);
  object.reindex();
  by_name_[lower(object.name)] = object.index;
  by_prefix_[object.key_prefix] = object.index;
  objects_.push_back(std::move(object));
  return objects_.back();
}

Outcome<void> Schema::select_for_events(std::string_view name, bool selected) {
  const auto found = by_name_.find(lower(name));
  if (found == by_name_.end() || !objects_[found->second].cdc_supported) {
    return fail(codes::kInvalidType, "Change events are not available for '" + std::string(name) + "'.");
  }
  ObjectDef& object = objects_[found->second];
  if (object.cdc_selected != selected) ++revision_;
  object.cdc_selected = selected;
  return {};
}

FieldDef& Schema::append(ObjectDef& object, FieldDef field) {
  field.index = static_cast<std::uint16_t>(object.fields.size());
  object.fields.push_back(std::move(field));
  return object.fields.back();
}

void Schema::put_standard_field(std::uint16_t index, FieldDef field, bool shown) {
  ObjectDef& object = objects_[index];
  const auto known = std::ranges::find(object.fields, field.name, &FieldDef::name);
  if (known == object.fields.end() && !shown) return;
  field.removed = !shown;
  if (known != object.fields.end()) {
    field.index = known->index;
    *known = std::move(field);
  } else {
    append(object, std::move(field));
  }
  object.reindex();
  ++object.version;
  ++revision_;
}

void Schema::show_object(std::uint16_t index, bool shown) {
  ObjectDef& object = objects_[index];
  object.hidden = !shown;
  if (shown) {
    by_name_[lower(object.name)] = index;
  } else {
    by_name_.erase(lower(object.name));
  }
  ++revision_;
}

void Schema::set_record_types(std::uint16_t index, std::vector<RecordTypeDef> types) {
  objects_[index].record_types = std::move(types);
  ++revision_;
  if (objects_[index].field("RecordTypeId") != nullptr) return;
  FieldDef field;
  field.name = "RecordTypeId";
  field.label = "Record Type ID";
  field.type = FieldType::reference;
  field.length = 18;
  field.defaulted_on_create = true;
  field.reference_to = {"RecordType"};
  field.relationship_name = "RecordType";
  field.is_granted = false;
  apply_type_flags(field);
  put_standard_field(index, std::move(field), true);
}

Schema Schema::seen_with(const Access& access) const {
  Schema seen = *this;
  for (ObjectDef& object : seen.objects_) {
    if (object.hidden) continue;
    const ObjectAccess allowed = access.to(object);
    if (!allowed.read) {
      seen.show_object(object.index, false);
      continue;
    }
    object.createable = object.createable && allowed.create;
    object.updateable = object.updateable && allowed.edit;
    object.deletable = object.deletable && allowed.remove;
    object.undeletable = object.undeletable && allowed.remove;
    for (FieldDef& field : object.fields) {
      const FieldAccess on_field = access.to(object, field);
      field.removed = field.removed || !on_field.read;
      field.createable = field.createable && on_field.edit;
      field.updateable = field.updateable && on_field.edit;
    }
    object.reindex();
  }
  seen.revision_ = revision_;
  return seen;
}

}  // namespace orgsim
