#include "orgsim/server/bulk_xml.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "orgsim/core/ascii.h"
#include "orgsim/core/value.h"
#include "orgsim/server/soap_message.h"

namespace orgsim {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Outcome<std::unique_ptr<pugi::xml_document>> parse(std::string_view text) {
  const std::size_t start = text.find('<');
  if (start == std::string_view::npos || !is_utf8(text)) return fail("InvalidXML", "The request is no XML");
  text.remove_prefix(start);
  auto document = std::make_unique<pugi::xml_document>();
  const auto parsed = document->load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return fail("InvalidXML", fmt::format("The request is no XML: {}", parsed.description()));
  return document;
}

/// <Account><sObject><Ext__c>…</Ext__c></sObject></Account>.
void add_parent(RecordInput& record, const pugi::xml_node& relationship, const pugi::xml_node& parent) {
  std::string object;
  pugi::xml_node key;
  for (const pugi::xml_node& field : parent.children()) {
    if (field.type() != pugi::node_element) continue;
    if (local_name(field) == "type") {
      object = soap_text(field);
    } else {
      key = field;
    }
  }
  record.set_parent(local_name(relationship), local_name(key), soap_text(key), object);
}

class XmlRows final : public BulkRows {
 public:
  explicit XmlRows(std::unique_ptr<pugi::xml_document> document)
      : document_(std::move(document)), at_(document_->document_element().first_child()) {}

  const std::vector<std::string>& columns() const override { return columns_; }
  const Error& error() const override { return error_; }

  bool next(RecordInput& record) override {
    while (at_ && local_name(at_) != "sObject") at_ = at_.next_sibling();
    if (!at_) return false;
    record = {};
    record.csv = true;
    for (const pugi::xml_node& field : at_.children()) {
      if (field.type() != pugi::node_element || local_name(field) == "type") continue;
      const std::string_view name = local_name(field);
      if (const pugi::xml_node parent = soap_child(field, "sObject")) {
        add_parent(record, field, parent);
      } else if (same_name(name, "Id")) {
        record.id = soap_text(field);
      } else if (is_nil(field)) {
        record.set(name, Value{});
      } else if (std::string text = soap_text(field); !text.empty()) {
        record.set(name, std::move(text));
      }
    }
    at_ = at_.next_sibling();
    return true;
  }

 private:
  std::unique_ptr<pugi::xml_document> document_;
  pugi::xml_node at_;
  std::vector<std::string> columns_;
  Error error_;
};

void append(std::string& out, std::string_view name, const ordered_json& value, std::string_view item) {
  if (value.is_null()) return;
  if (value.is_object() || value.is_array()) {
    out.append("<").append(name).append(">");
    if (value.is_array()) {
      for (const ordered_json& one : value) append(out, item, one, item);
    } else {
      for (const auto& [key, member] : value.items()) append(out, key, member, item);
    }
    out.append("</").append(name.substr(0, name.find(' '))).append(">");
    return;
  }
  append_element(out, name, value.is_string() ? value.get<std::string>() : value.dump());
}

}  // namespace

Outcome<std::unique_ptr<BulkRows>> open_xml_rows(std::string_view data) {
  auto document = parse(data);
  if (!document) return fail("InvalidBatch", "Failed to parse XML: " + document.error().message);
  if (local_name((*document)->document_element()) != "sObjects") {
    return fail("InvalidBatch", "Failed to parse XML: a batch must be an sObjects element");
  }
  return std::make_unique<XmlRows>(*std::move(document));
}

Outcome<json> read_job_xml(std::string_view text) {
  const auto document = parse(text);
  if (!document) return std::unexpected(document.error());
  json out = json::object();
  for (const pugi::xml_node& field : (*document)->document_element().children()) {
    if (field.type() == pugi::node_element) out[std::string(local_name(field))] = soap_text(field);
  }
  return out;
}

std::string bulk_xml(std::string_view name, const ordered_json& value, std::string_view item) {
  std::string out = R"(<?xml version="1.0" encoding="UTF-8"?>)";
  append(out, fmt::format(R"({} xmlns="{}")", name, kBulkNamespace), value, item);
  return out;
}

}  // namespace orgsim
