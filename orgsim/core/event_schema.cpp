#include "orgsim/core/event_schema.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

namespace orgsim {

namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 10> kExcluded = {
    "Id",       "IsDeleted",          "SystemModstamp", "MasterRecordId", "LastActivityDate", "LastViewedDate",
    "PhotoUrl", "LastReferencedDate", "SmallPhotoUrl",  "MediumPhotoUrl"};

/// Members of the Address record, in the order of a real org's schema; an org without state and country picklists
/// still has the two code members (§4.6).
constexpr std::array<std::string_view, 10> kAddressParts = {"Street",    "City",           "State",       "PostalCode",
                                                            "Country",   "StateCode",      "CountryCode", "Latitude",
                                                            "Longitude", "GeocodeAccuracy"};
constexpr std::array<std::string_view, 5> kPersonNameParts = {"Salutation", "FirstName", "LastName", "MiddleName",
                                                              "Suffix"};
constexpr std::array<std::string_view, 2> kLocationParts = {"Latitude", "Longitude"};

std::string_view avro_type(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return "boolean";
    case FieldType::int_:
      return "int";
    case FieldType::long_:
    case FieldType::date:
    case FieldType::datetime:
    case FieldType::time:
      return "long";
    case FieldType::double_:
    case FieldType::currency:
    case FieldType::percent:
      return "double";
    default:
      return "string";
  }
}

std::string_view doc_type(const FieldDef& field) {
  switch (field.type) {
    case FieldType::boolean:
      return "Boolean";
    case FieldType::int_:
      return "Integer";
    case FieldType::long_:
      return "Long";
    case FieldType::double_:
      return "Double";
    case FieldType::currency:
      return "Currency";
    case FieldType::percent:
      return "Percent";
    case FieldType::date:
      return "DateOnly";
    case FieldType::datetime:
      return "DateTime";
    case FieldType::time:
      return "TimeOnly";
    case FieldType::email:
      return "Email";
    case FieldType::phone:
      return "Phone";
    case FieldType::url:
      return "Url";
    case FieldType::picklist:
    case FieldType::combobox:
      return field.restricted_picklist && !field.custom ? "StaticEnum" : "DynamicEnum";
    case FieldType::multipicklist:
      return "MultiEnum";
    case FieldType::encryptedstring:
      return "EncryptedText";
    case FieldType::textarea:
      return field.html_formatted ? "HtmlStringPlusClob" : "StringPlusClob";
    default:
      return "Text";
  }
}

std::string doc_of(const FieldDef& field) {
  if (field.name == "CreatedDate") return "CreatedDate:DateTime";
  if (field.name == "CreatedById") return "CreatedBy:EntityId";
  if (field.type == FieldType::reference) return "ForeignKey:EntityId";
  std::string doc = "Data:" + std::string(doc_type(field));
  if (!field.custom_id.empty()) doc += ":" + field.custom_id.substr(0, 15);
  return doc;
}

/// The part of `compound` that a member of its record stands for: member "City" of BillingAddress is BillingCity.
const FieldDef* find_part(const std::vector<const FieldDef*>& parts, std::string_view member) {
  const auto found = std::ranges::find_if(parts, [member](const FieldDef* part) {
    return part->name.ends_with(member) || part->name.ends_with(std::string(member) + "__s");
  });
  return found == parts.end() ? nullptr : *found;
}

bool is_double(std::string_view member) { return member == "Latitude" || member == "Longitude"; }

EventSchemaField compound_field(const ObjectDef& object, const FieldDef& field) {
  EventSchemaField out;
  out.name = field.name;
  out.type = field.type;
  const auto parts = object.parts(field.name);
  std::vector<std::string_view> members;
  if (field.type == FieldType::address) {
    out.record_name = "Address";
    out.doc = "Data:Address";
    members.assign(kAddressParts.begin(), kAddressParts.end());
  } else if (field.type == FieldType::location) {
    out.record_name = "Location";
    out.doc = "Data:Location" + (field.custom_id.empty() ? "" : ":" + field.custom_id.substr(0, 15));
    members.assign(kLocationParts.begin(), kLocationParts.end());
  } else {
    out.record_name = "PersonName";
    out.doc = "Data:PersonName";
    for (const std::string_view member : kPersonNameParts) {
      if (find_part(parts, member) != nullptr) members.push_back(member);
    }
  }
  for (const std::string_view member : members) {
    const FieldDef* part = find_part(parts, member);
    out.parts.push_back({std::string(member), part != nullptr ? part->name : std::string(),
                         is_double(member) ? FieldType::double_ : FieldType::string});
  }
  return out;
}

ordered_json nullable(ordered_json type) { return ordered_json::array({"null", std::move(type)}); }

ordered_json header_schema() {
  const ordered_json strings = {{"type", "array"}, {"items", "string"}};
  ordered_json symbols = ordered_json::array({"CREATE", "UPDATE", "DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE",
                                              "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW", "SNAPSHOT"});
  const auto field = [](const char* name, ordered_json type) {
    return ordered_json{{"name", name}, {"type", std::move(type)}};
  };
  return {{"type", "record"},
          {"name", "ChangeEventHeader"},
          {"fields",
           ordered_json::array(
               {field("entityName", "string"), field("recordIds", strings),
                field("changeType", {{"type", "enum"}, {"name", "ChangeType"}, {"symbols", std::move(symbols)}}),
                field("changeOrigin", "string"), field("transactionKey", "string"), field("sequenceNumber", "int"),
                field("commitTimestamp", "long"), field("commitNumber", "long"), field("commitUser", "string"),
                field("nulledFields", strings), field("diffFields", strings), field("changedFields", strings)})}};
}

ordered_json compound_schema(const EventSchemaField& field) {
  ordered_json members = ordered_json::array();
  for (const auto& part : field.parts) {
    members.push_back(
        {{"name", part.name}, {"type", nullable(avro_type(part.type))}, {"doc", "Data:Text"}, {"default", nullptr}});
  }
  return {{"type", "record"}, {"name", field.record_name}, {"fields", std::move(members)}};
}

/// 128 bits of FNV-1a over the text, as 22 characters of base64url: the same content has the same id everywhere.
std::string content_id(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::array<std::uint64_t, 2> hash = {0xCBF29CE484222325ULL, 0x84222325CBF29CE4ULL};
  for (const char c : text) {
    hash[0] = (hash[0] ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    hash[1] = (hash[1] + static_cast<unsigned char>(c)) * 0x9E3779B97F4A7C15ULL;
    hash[1] ^= hash[1] >> 29;
  }
  std::string id;
  for (unsigned bit = 0; bit < 128; bit += 6) {
    const std::uint64_t word = hash[bit / 64] >> (bit % 64);
    const std::uint64_t over = bit % 64 > 58 && bit < 64 ? hash[1] << (64 - bit % 64) : 0;
    id.push_back(kAlphabet[(word | over) & 63]);
  }
  return id;
}

}  // namespace

bool excluded_from_events(const FieldDef& field) {
  return field.removed || field.calculated || field.type == FieldType::id || field.type == FieldType::base64 ||
         std::ranges::find(kExcluded, field.name) != kExcluded.end();
}

namespace {

std::shared_ptr<const EventSchema> build_platform_event_schema(const ObjectDef& object) {
  auto schema = std::make_shared<EventSchema>();
  schema->entity = object.name;
  schema->platform_event = true;
  ordered_json fields = ordered_json::array();
  const auto add = [&](const FieldDef& field) {
    const bool is_system = schema->fields.size() < kEventSystemFields;
    schema->positions[field.name] = {static_cast<int>(schema->fields.size()), -1};
    schema->fields.push_back({field.name, field.type, {}, doc_of(field), {}});
    ordered_json type = avro_type(field.type);
    ordered_json described = {{"name", field.name},
                              {"type", is_system ? std::move(type) : nullable(std::move(type))},
                              {"doc", schema->fields.back().doc}};
    if (!is_system) described["default"] = nullptr;
    fields.push_back(std::move(described));
  };
  add(*object.field("CreatedDate"));
  add(*object.field("CreatedById"));
  for (const FieldDef& field : object.fields) {
    if (field.custom && !excluded_from_events(field) && !is_compound(field.type)) add(field);
  }
  ordered_json json = {
      {"name", object.name}, {"namespace", "com.sforce.eventbus"}, {"type", "record"}, {"fields", std::move(fields)}};
  schema->id = content_id(json.dump());
  json["uuid"] = schema->id;
  schema->json = json.dump();
  return schema;
}

}  // namespace

std::shared_ptr<const EventSchema> build_event_schema(const ObjectDef& object) {
  if (object.platform_event) return build_platform_event_schema(object);
  auto schema = std::make_shared<EventSchema>();
  schema->entity = object.name;
  std::set<std::string> compounds_done;
  for (const FieldDef& field : object.fields) {
    if (excluded_from_events(field)) continue;
    const std::string& compound_name = field.compound_name.empty() ? field.name : field.compound_name;
    const FieldDef* compound = object.field(compound_name);
    const bool in_compound = compound != nullptr && !object.parts(compound_name).empty();
    if (in_compound) {
      // A compound stands where its first part or itself comes first; parts appear only inside it.
      if (compounds_done.insert(compound_name).second) schema->fields.push_back(compound_field(object, *compound));
      continue;
    }
    schema->fields.push_back({field.name, field.type, {}, doc_of(field), {}});
  }

  ordered_json fields = ordered_json::array();
  fields.push_back({{"name", "ChangeEventHeader"}, {"type", header_schema()}, {"doc", "Data:ComplexValueType"}});
  std::set<std::string> records_defined;
  for (std::size_t i = 0; i < schema->fields.size(); ++i) {
    const EventSchemaField& field = schema->fields[i];
    const int position = static_cast<int>(i) + 1;
    ordered_json type = avro_type(field.type);
    if (!field.parts.empty()) {
      // The first use defines the record, later uses name it.
      type =
          records_defined.insert(field.record_name).second ? compound_schema(field) : ordered_json(field.record_name);
      for (std::size_t part = 0; part < field.parts.size(); ++part) {
        if (field.parts[part].field_name.empty()) continue;
        schema->positions[field.parts[part].field_name] = {position, static_cast<int>(part)};
      }
    } else {
      schema->positions[field.name] = {position, -1};
    }
    fields.push_back(
        {{"name", field.name}, {"type", nullable(std::move(type))}, {"doc", field.doc}, {"default", nullptr}});
  }
  ordered_json json = {{"name", object.change_event_name()},
                       {"namespace", "com.sforce.eventbus"},
                       {"type", "record"},
                       {"fields", std::move(fields)}};
  schema->id = content_id(json.dump());
  json["uuid"] = schema->id;
  schema->json = json.dump();
  return schema;
}

}  // namespace orgsim
