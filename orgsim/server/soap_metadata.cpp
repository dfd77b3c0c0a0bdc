#include "orgsim/server/soap_metadata.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orgsim/core/custom_metadata.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// What one call may name, as in the org.
constexpr std::size_t kComponentsMax = 10;
constexpr int kDepthMax = 20;

/// Elements as members, repeated ones as a list, texts as texts.
json json_of(const pugi::xml_node& node, int depth = 0) {
  json out = json::object();
  bool has_elements = false;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element || depth == kDepthMax) continue;
    has_elements = true;
    const std::string name(local_name(child));
    json value = json_of(child, depth + 1);
    if (!out.contains(name)) {
      out[name] = std::move(value);
    } else if (out[name].is_array()) {
      out[name].push_back(std::move(value));
    } else {
      out[name] = json::array({out[name], std::move(value)});
    }
  }
  return has_elements ? out : json(soap_text(node));
}

void append_members(std::string& out, const json& value) {
  for (const auto& [name, member] : value.items()) {
    if (member.is_null()) continue;
    const json list = member.is_array() ? member : json::array({member});
    for (const json& one : list) {
      if (one.is_object()) {
        out += "<" + name + ">";
        append_members(out, one);
        out += "</" + name + ">";
      } else {
        append_element(out, name, one.is_string() ? one.get<std::string>() : one.dump());
      }
    }
  }
}

std::string type_of(const pugi::xml_node& node) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name != "type" && !name.ends_with(":type")) continue;
    const std::string_view value = attribute.value();
    return std::string(value.substr(value.find(':') == std::string_view::npos ? 0 : value.find(':') + 1));
  }
  return {};
}

void append_result(std::string& out, const std::string& full_name, const Outcome<void>& done) {
  out += "<result>";
  if (!done) {
    out += "<errors>";
    append_element(out, "message", done.error().message);
    append_element(out, "statusCode", done.error().code);
    out += "</errors>";
  }
  append_element(out, "fullName", full_name);
  append_element(out, "success", done ? "true" : "false");
  out += "</result>";
}

Outcome<void> unknown_type(const std::string& type) {
  return fail("INVALID_TYPE", fmt::format("This type of metadata is not available for this organization: {}", type));
}

Outcome<void> write_one(Org& org, const std::string& operation, const std::string& type, const std::string& full_name,
                        const json& metadata) {
  CustomMetadata edit(org);
  if (type == "CustomField") {
    const bool exists = find_custom_field(org.schema(), full_name).field != nullptr;
    if (operation == "updateMetadata" || (operation == "upsertMetadata" && exists)) {
      return edit.update_field(full_name, metadata);
    }
    if (auto made = edit.create_field(full_name, metadata); !made) return std::unexpected(made.error());
    return {};
  }
  if (type == "CustomObject" && operation != "updateMetadata") return edit.create_object(full_name, metadata);
  return unknown_type(type);
}

HttpResponse write(const SoapMetadataCall& call) {
  OrgHost::Access org = call.host.access();
  std::string body;
  std::size_t count = 0;
  for (const pugi::xml_node& node : call.call.operation.children()) {
    if (local_name(node) != "metadata" || count++ == kComponentsMax) continue;
    const json metadata = json_of(node);
    const std::string full_name = soap_text(soap_child(node, "fullName"));
    append_result(body, full_name, write_one(*org, call.call.name, type_of(node), full_name, metadata));
  }
  call.host.note_schema_change(org);
  org.announce();
  return soap_metadata_answer(call.call.name, body);
}

HttpResponse remove(const SoapMetadataCall& call) {
  OrgHost::Access org = call.host.access();
  const std::string type = call.call.text("type");
  std::string body;
  for (const std::string& full_name : call.call.texts("fullNames")) {
    append_result(body, full_name,
                  type == "CustomField" ? CustomMetadata(*org).delete_field(full_name) : unknown_type(type));
  }
  call.host.note_schema_change(org);
  org.announce();
  return soap_metadata_answer(call.call.name, body);
}

json object_metadata(const ObjectDef& object) {
  json fields = json::array();
  for (const FieldDef& field : object.fields) {
    if (!field.custom || field.removed || !field.compound_name.empty()) continue;
    json one = field_metadata(field);
    one["fullName"] = field.name;
    fields.push_back(std::move(one));
  }
  return {{"fullName", object.name},
          {"label", object.label},
          {"pluralLabel", object.label_plural},
          {"fields", std::move(fields)},
          {"sharingModel", object.sharing == Sharing::none   ? "Private"
                           : object.sharing == Sharing::read ? "Read"
                                                             : "ReadWrite"}};
}

HttpResponse read(const SoapMetadataCall& call) {
  const OrgHost::Access org = call.host.access();
  const std::string type = call.call.text("type");
  std::string body = "<result>";
  for (const std::string& full_name : call.call.texts("fullNames")) {
    json metadata;
    if (type == "CustomField") {
      const CustomField found = find_custom_field(org->schema(), full_name);
      if (found.field != nullptr) metadata = field_metadata(*found.field);
      if (found.field != nullptr) metadata["fullName"] = found.full_name();
    } else if (const ObjectDef* object = org->schema().object(full_name); type == "CustomObject" && object != nullptr) {
      metadata = object_metadata(*object);
    }
    if (metadata.is_null()) {
      append_nil(body, "records");
      continue;
    }
    body += fmt::format(R"(<records xsi:type="{}">)", type == "CustomField" ? "CustomField" : "CustomObject");
    append_members(body, metadata);
    body += "</records>";
  }
  return soap_metadata_answer(call.call.name, body + "</result>");
}

HttpResponse list(const SoapMetadataCall& call) {
  const OrgHost::Access org = call.host.access();
  std::string body;
  const auto append = [&body](const char* type, const std::string& full_name, const std::string& id) {
    body += "<result>";
    append_element(body, "fullName", full_name);
    append_element(body, "id", id);
    append_element(body, "type", type);
    body += "</result>";
  };
  for (const pugi::xml_node& query : call.call.operation.children()) {
    if (local_name(query) != "queries") continue;
    const std::string type = soap_text(soap_child(query, "type"));
    for (const ObjectDef& object : org->schema().objects()) {
      if (object.hidden) continue;
      if (type == "CustomObject") append("CustomObject", object.name, "");
      for (const FieldDef& field : object.fields) {
        if (type != "CustomField" || !field.custom || field.removed || !field.compound_name.empty()) continue;
        append("CustomField", object.name + "." + field.name, field.custom_id);
      }
    }
  }
  return soap_metadata_answer(call.call.name, body);
}

}  // namespace

HttpResponse serve_soap_metadata(const SoapMetadataCall& call) {
  const std::string& name = call.call.name;
  if (!call.host.access()->is_administrator(call.user_id)) {
    return soap_fault("INSUFFICIENT_ACCESS",
                      "use of the Metadata API requires a user with the ModifyAllData or "
                      "ModifyMetadata permissions");
  }
  if (name == "createMetadata" || name == "updateMetadata" || name == "upsertMetadata") return write(call);
  if (name == "deleteMetadata") return remove(call);
  if (name == "readMetadata") return read(call);
  if (name == "listMetadata") return list(call);
  return soap_fault("soapenv:Client", fmt::format("No operation {} on this endpoint", name));
}

}  // namespace orgsim
