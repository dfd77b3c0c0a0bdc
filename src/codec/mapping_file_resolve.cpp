#include "codec/mapping_file_resolve.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest_name.h"
#include "codec/parent_path.h"
#include "model/policy_fit.h"

namespace duet::codec {
namespace {

/// Shorter keys would be too easy to guess twice: 16 characters of a UUID are 60 random bits.
constexpr int kShortestMintedKey = 16;

class Resolver {
 public:
  Resolver(const FileMapping& wanted, const ObjectSchema& schema, const FindObject& find_object)
      : wanted_(wanted), schema_(schema), find_object_(find_object) {}

  ResolvedMapping resolve() {
    Mapping& mapping = out_.mapping;
    mapping.object = schema_.name;
    mapping.table = to_lower(schema_.name);
    mapping.access = wanted_.access;
    mapping.conflict = wanted_.conflict;
    mapping.delete_conflict = wanted_.delete_conflict;
    mapping.ordered = wanted_.ordered;
    mapping.polling_seconds = wanted_.polling_seconds;
    mapping.has_is_deleted = schema_.find("IsDeleted") != nullptr;
    mapping.can_merge = schema_.find("MasterRecordId") != nullptr;
    check_object();
    for (const FileField& field : wanted_.fields) add_field(field);
    for (const char* always : {"Id", "SystemModstamp", "IsDeleted"}) add_needed(always);
    for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
      if (mapping.fields[i].parent) add_needed(std::string(mapping.fields[i].parent->reference));
    }
    add_upsert_field();
    add_indexes();
    add_groups();
    add_match();
    if (mapping.access == Access::read_write) check_writing();
    return std::move(out_);
  }

 private:
  void add(bool fatal, const std::string& key, std::string message, std::string advice) {
    out_.problems.push_back({fatal, wanted_.path + (key.empty() ? ".object_name" : ".config." + key),
                             std::move(message), std::move(advice)});
  }

  void check_object() {
    if (!schema_.queryable) {
      add(true, "", fmt::format("{} cannot be queried", schema_.name),
          "remove the mapping: Salesforce offers no way to read this object whole");
    }
    if (!schema_.find("SystemModstamp")) {
      add(true, "", fmt::format("{} has no SystemModstamp", schema_.name),
          "remove the mapping: changes of this object cannot be followed");
    }
  }

  void add_field(const FileField& wanted) {
    const std::string where = "fields." + wanted.name;
    const FieldSchema* field = schema_.find(wanted.name);
    if (!field) {
      if (const auto path = parent_path(wanted.name, schema_)) return add_parent_key(wanted, *path);
      std::vector<std::string> names;
      for (const FieldSchema& each : schema_.fields) names.push_back(each.name);
      add(true, where,
          fmt::format("{} has no field {} that the integration user can see{}", schema_.name, wanted.name,
                      suggestion(wanted.name, names)),
          "correct the name, remove the field, or grant the integration user read access to it");
      return;
    }
    if (field->type == FieldType::address || field->type == FieldType::location) {
      add(true, where, fmt::format("{} is a compound field", field->name),
          fmt::format("map its parts instead: {}", fmt::join(parts_of(*field), ", ")));
      return;
    }
    if (field->type == FieldType::base64) {
      add(true, where, fmt::format("{} holds a file", field->name), "remove the field: bodies of files are not synced");
      return;
    }
    if (wanted.conflict && !fits(*wanted.conflict, field->type)) {
      add(true, where + ".conflict",
          fmt::format("is \"{}\", which is for {}; {} is of type {}", name_of(*wanted.conflict),
                      fitting_types(*wanted.conflict), field->name, name_of(field->type)),
          "choose another policy for this field");
    }
    if (wanted.conflict && is_merge_function(*wanted.conflict) && wanted_.ordered) {
      add(true, where + ".conflict", "cannot merge values of an ordered mapping: each change is sent as it was made",
          "choose another policy, or remove \"ordered\"");
    }
    push(*field, wanted.conflict);
  }

  /// `Account.Ext__c`: the parent by its external id (spec/heroku-connect.md §3.4).
  void add_parent_key(const FileField& wanted, const ParentPath& path) {
    const std::string where = "fields." + wanted.name;
    if (path.reference->reference_to.size() != 1) {
      add(true, where, fmt::format("{} may point to several objects", path.reference->name),
          fmt::format("map {} itself and write the parent's Id", path.reference->name));
      return;
    }
    const std::string& object = path.reference->reference_to.front();
    const ObjectSchema* parent = find_object_ ? find_object_(object) : nullptr;
    const FieldSchema* key = parent ? parent->find(path.key_field) : nullptr;
    if (!key || !(key->external_id || key->id_lookup)) {
      std::vector<std::string> keys;
      for (const FieldSchema& each : parent ? parent->fields : std::vector<FieldSchema>{}) {
        if (each.external_id) keys.push_back(each.name);
      }
      add(true, where,
          fmt::format("{} has no external id field {} that the integration user can see{}", object, path.key_field,
                      suggestion(path.key_field, keys)),
          fmt::format("name an external id field of {}, or map {} itself", object, path.reference->name));
      return;
    }
    const bool twice = std::ranges::any_of(out_.mapping.fields, [&](const MappedField& each) {
      return each.parent && each.parent->reference == path.reference->name;
    });
    if (twice) {
      add(true, where, fmt::format("{} is named by two external ids", path.reference->name), "keep one of them");
      return;
    }
    MappedField mapped;
    mapped.schema = *key;
    mapped.schema.name = path.reference->relationship_name + "." + key->name;
    mapped.schema.label = path.reference->label;
    mapped.schema.nillable = path.reference->nillable;
    mapped.schema.createable = path.reference->createable;
    mapped.schema.updateable = path.reference->updateable;
    mapped.schema.external_id = mapped.schema.unique = mapped.schema.id_lookup = false;
    mapped.column = to_lower(path.reference->relationship_name) + "__" + to_lower(key->name);
    mapped.conflict = wanted.conflict;
    mapped.parent = ParentKey{path.reference->name, path.reference->relationship_name, object, key->name};
    out_.mapping.fields.push_back(std::move(mapped));
  }

  std::vector<std::string> parts_of(const FieldSchema& compound) const {
    std::vector<std::string> names;
    for (const FieldSchema& each : schema_.fields) {
      if (each.compound_field == compound.name && each.name != compound.name && each.type != FieldType::address)
        names.push_back(each.name);
    }
    return names;
  }

  void push(const FieldSchema& field, std::optional<ConflictPolicy> conflict) {
    MappedField mapped;
    mapped.schema = field;
    mapped.column = field.type == FieldType::id ? "sfid" : to_lower(field.name);
    mapped.conflict = conflict;
    out_.mapping.fields.push_back(std::move(mapped));
  }

  void add_needed(std::string_view name) {
    const FieldSchema* field = schema_.find(name);
    if (field && !out_.mapping.find(name)) push(*field, std::nullopt);
  }

  void add_upsert_field() {
    if (wanted_.upsert_field.empty()) {
      if (wanted_.access == Access::read_write && schema_.createable) {
        add(false, "upsert_field",
            fmt::format("{} has no upsert field: when the answer to a create is lost, Duet looks for a record with the "
                        "values that it sent, and may leave a duplicate where somebody changed it meanwhile",
                        schema_.name),
            "run `duet doctor --create-keys` with this file: it creates the unique external id Duet_Id__c, Text(36), "
            "in "
            "the org; or name one that is there");
      }
      return;
    }
    const FieldSchema* field = schema_.find(wanted_.upsert_field);
    if (!field) {
      std::vector<std::string> external_ids;
      for (const FieldSchema& each : schema_.fields) {
        if (each.external_id) external_ids.push_back(each.name);
      }
      add(true, "upsert_field",
          fmt::format("{} has no field {} that the integration user can see{}", schema_.name, wanted_.upsert_field,
                      suggestion(wanted_.upsert_field, external_ids)),
          external_ids.empty() ? "add a unique external id field to the object in Salesforce"
                               : fmt::format("external ids of {}: {}", schema_.name, fmt::join(external_ids, ", ")));
      return;
    }
    out_.mapping.upsert_field = field->name;
    add_needed(field->name);
    const bool must = wanted_.access == Access::read_write;
    if (!field->external_id || !field->unique) {
      add(must, "upsert_field", fmt::format("{}.{} is not a unique external id", schema_.name, field->name),
          "tick \"External ID\" and \"Unique\" on the field in Salesforce, or choose another field");
    } else if (must && !field->createable) {
      add(true, "upsert_field", fmt::format("the integration user may not write {}.{}", schema_.name, field->name),
          "grant edit access to the field");
    } else if (must && !can_hold_minted_key(*field)) {
      add(false, "upsert_field",
          fmt::format("{}.{} is too small for a key that Duet could make: rows must be inserted with a value for it",
                      schema_.name, field->name),
          fmt::format("use a text field of at least {} characters, or always set {} in the application",
                      kShortestMintedKey, to_lower(field->name)));
    }
  }

  void add_indexes() {
    for (const MappedIndex& index : wanted_.indexes) {
      const MappedField* field = out_.mapping.find(index.field);
      if (!field) {
        add(false, "indexes." + index.field, fmt::format("{} is not mapped: no index is made", index.field),
            "add the field, or remove the index");
      } else if (!has_index(field->schema.name)) {
        out_.mapping.indexes.push_back({field->schema.name, index.unique});
      }
    }
    if (!has_index("Id")) out_.mapping.indexes.push_back({"Id", true});
    if (!has_index("SystemModstamp")) out_.mapping.indexes.push_back({"SystemModstamp", false});
    if (const std::string& key = out_.mapping.upsert_field; !key.empty() && !has_index(key))
      out_.mapping.indexes.push_back({key, true});
  }

  bool has_index(std::string_view field) const {
    return std::ranges::find(out_.mapping.indexes, field, &MappedIndex::field) != out_.mapping.indexes.end();
  }

  /// The mapped field, or a problem.
  const MappedField* mapped(const std::string& name, const std::string& where) {
    const MappedField* field = out_.mapping.find(name);
    if (field) return field;
    std::vector<std::string> names;
    for (const MappedField& each : out_.mapping.fields) names.push_back(each.schema.name);
    add(true, where, fmt::format("names {}, which is not mapped{}", name, suggestion(name, names)),
        "correct the name, or add it to \"fields\"");
    return nullptr;
  }

  void add_groups() {
    std::map<std::string, std::string, std::less<>> taken;
    if (wanted_.ordered && !wanted_.groups.empty()) {
      add(true, "groups", "cannot be in an ordered mapping: each change is sent as it was made",
          "remove the groups, or \"ordered\"");
    }
    for (const FieldGroup& wanted : wanted_.groups) {
      const std::string where = "groups." + wanted.name;
      FieldGroup group{wanted.name, {}};
      const MappedField* decides = nullptr;
      for (const std::string& name : wanted.fields) {
        const MappedField* field = mapped(name, where);
        if (!field) continue;
        const std::string& member = field->schema.name;
        if (auto [other, first] = taken.emplace(member, wanted.name); !first) {
          add(true, where, fmt::format("{} is in the group {} already", member, other->second),
              "keep a field in one group only");
          continue;
        }
        if (member == "Id" || member == "SystemModstamp" || member == out_.mapping.upsert_field) {
          add(true, where, fmt::format("{} cannot be in a group", member), "remove it from the group");
        } else if (out_.mapping.access == Access::read_write && !field->schema.updateable) {
          add(true, where, fmt::format("the integration user may not edit {}", member),
              "grant edit access to the field, or remove it from the group: a group is written whole");
        } else if (field->conflict && is_merge_function(*field->conflict)) {
          add(true, where,
              fmt::format("{} has the policy \"{}\", which is for a field alone", member, name_of(*field->conflict)),
              "give the group one of \"salesforce\", \"postgres\", \"newest\" and \"hold\"");
        } else if (field->conflict && decides && *decides->conflict != *field->conflict) {
          add(true, where,
              fmt::format("{} has the policy \"{}\", {} has \"{}\"", decides->schema.name, name_of(*decides->conflict),
                          member, name_of(*field->conflict)),
              "the fields of a group win or lose together: give them one policy");
        }
        if (field->conflict && !decides) decides = field;
        group.fields.push_back(member);
      }
      if (wanted.fields.size() < 2) add(true, where, "has fewer than two fields", "name at least two");
      out_.mapping.groups.push_back(std::move(group));
    }
  }

  void add_match() {
    bool unique = false;
    bool indexed = false;
    for (const std::string& name : wanted_.match) {
      const MappedField* field = mapped(name, "match");
      if (!field) continue;
      const FieldType type = field->schema.type;
      const bool exact = (is_text(type) && type != FieldType::textarea && type != FieldType::multipicklist &&
                          type != FieldType::encryptedstring && type != FieldType::id) ||
                         type == FieldType::integer || type == FieldType::date;
      if (!exact) {
        add(true, "match", fmt::format("records cannot be matched by {} (type {})", field->schema.name, name_of(type)),
            "use fields whose values are compared exactly: text, email, phone, picklists, references, whole numbers");
      }
      if (wanted_.access == Access::read_write && (field->parent || !field->schema.createable)) {
        add(true, "match", fmt::format("a row inserted here cannot have {} before the org has the record", name),
            "use fields that the application fills in");
      }
      unique |= field->schema.unique;
      indexed |= field->schema.unique || field->schema.external_id || type == FieldType::reference ||
                 field->schema.name == "Name" || type == FieldType::email;
      out_.mapping.match.push_back(field->schema.name);
    }
    if (out_.mapping.match.empty()) return;
    if (!unique) {
      add(false, "match",
          fmt::format("no field of {} is unique in the org: what somebody inserts there between Duet's look-up and its "
                      "insert is not seen, and is then a duplicate",
                      fmt::join(out_.mapping.match, ", ")),
          "make one of them unique, or add a duplicate rule that blocks");
    }
    if (!indexed) {
      add(false, "match",
          fmt::format("the org keeps no index of {} by itself: each insert here makes it read all records of {}, which "
                      "is slow past some 100,000",
                      fmt::join(out_.mapping.match, ", "), schema_.name),
          "mark one of them as an external id, or match by a field that has an index");
    }
  }

  void check_writing() {
    if (!schema_.createable && !schema_.updateable && !schema_.deletable) {
      add(true, "access", fmt::format("the integration user may not create, edit or delete {}", schema_.name),
          "grant the permissions in Salesforce, or use \"read_only\"");
      return;
    }
    if (!schema_.createable)
      add(false, "access",
          fmt::format("the integration user may not create {}: rows inserted in Postgres will be rejected",
                      schema_.name),
          "grant \"Create\" on the object");
    if (!schema_.updateable)
      add(false, "access",
          fmt::format("the integration user may not edit {}: changes made in Postgres will be rejected", schema_.name),
          "grant \"Edit\" on the object");
    if (!schema_.deletable)
      add(false, "access",
          fmt::format("the integration user may not delete {}: deletes made in Postgres will be rejected",
                      schema_.name),
          "grant \"Delete\" on the object");
    if (schema_.createable) check_required();
  }

  void check_required() {
    std::vector<std::string> missing;
    for (const FieldSchema& field : schema_.fields) {
      const bool required =
          !field.nillable && field.createable && !field.defaulted_on_create && field.type != FieldType::boolean;
      if (required && !out_.mapping.find(field.name)) missing.push_back(field.name);
    }
    if (!missing.empty()) {
      add(false, "fields",
          fmt::format("Fields needed for insertion to Salesforce need to be mapped: {}", fmt::join(missing, ", ")),
          "add them, or insert no rows of this object in Postgres");
    }
  }

  const FileMapping& wanted_;
  const ObjectSchema& schema_;
  const FindObject& find_object_;
  ResolvedMapping out_;
};

}  // namespace

ResolvedMapping resolve_mapping(const FileMapping& wanted, const ObjectSchema& schema, const FindObject& find_object) {
  return Resolver(wanted, schema, find_object).resolve();
}

std::vector<std::string> parents_named(const FileMapping& wanted, const ObjectSchema& schema) {
  std::vector<std::string> objects;
  for (const FileField& field : wanted.fields) {
    const auto path = schema.find(field.name) ? std::nullopt : parent_path(field.name, schema);
    if (path && path->reference->reference_to.size() == 1) objects.push_back(path->reference->reference_to.front());
  }
  std::ranges::sort(objects);
  objects.erase(std::ranges::unique(objects).begin(), objects.end());
  return objects;
}

FileMapping to_file_mapping(const Mapping& mapping) {
  FileMapping out;
  out.object = mapping.object;
  out.access = mapping.access;
  out.upsert_field = mapping.upsert_field;
  out.polling_seconds = mapping.polling_seconds;
  out.conflict = mapping.conflict;
  out.delete_conflict = mapping.delete_conflict;
  out.ordered = mapping.ordered;
  for (const MappedField& field : mapping.fields) out.fields.push_back({field.schema.name, field.conflict});
  out.indexes = mapping.indexes;
  out.groups = mapping.groups;
  out.match = mapping.match;
  return out;
}

MappingProblem unknown_object(const FileMapping& wanted, const std::vector<std::string>& known_objects) {
  return {true, wanted.path + ".object_name",
          fmt::format("the org has no object {} that the integration user can see{}", wanted.object,
                      suggestion(wanted.object, known_objects)),
          "correct the name, or grant the integration user read access to the object"};
}

bool can_hold_minted_key(const FieldSchema& field) {
  return is_text(field.type) && (field.length == 0 || field.length >= kShortestMintedKey);
}

}  // namespace duet::codec
