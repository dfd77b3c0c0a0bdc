#include "orgsim/server/soap_message.h"

#include <fmt/format.h>

#include "orgsim/core/value.h"

namespace orgsim {
namespace {

constexpr std::string_view kEnvelope = "Envelope";

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' ? '?' : c;
    }
  }
}

HttpResponse envelope(int status, std::string_view namespaces, std::string_view body) {
  HttpResponse out;
  out.status = status;
  out.content_type = "text/xml;charset=UTF-8";
  out.body = fmt::format(
      R"(<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" )"
      R"({} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{}</soapenv:Body></soapenv:Envelope>)",
      namespaces, body);
  return out;
}

}  // namespace

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node soap_child(const pugi::xml_node& parent, std::string_view name) {
  return parent.find_child([name](const pugi::xml_node& node) { return local_name(node) == name; });
}

std::string soap_text(const pugi::xml_node& node) {
  std::string out;
  for (const pugi::xml_node& part : node.children()) {
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) out += part.value();
  }
  return out;
}

bool is_nil(const pugi::xml_node& node) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name == "nil" || name.ends_with(":nil")) return attribute.as_bool();
  }
  return false;
}

std::string SoapCall::header_text(std::string_view block, std::string_view element) const {
  return soap_text(soap_child(soap_child(header, block), element));
}

std::string SoapCall::text(std::string_view element) const { return soap_text(soap_child(operation, element)); }

std::vector<std::string> SoapCall::texts(std::string_view element) const {
  std::vector<std::string> out;
  for (const pugi::xml_node& node : operation.children()) {
    if (local_name(node) == element) out.push_back(soap_text(node));
  }
  return out;
}

Outcome<SoapCall> parse_soap(const std::string& body) {
  SoapCall call;
  call.document = std::make_shared<pugi::xml_document>();
  if (!is_utf8(body)) return fail("soapenv:Client", "The request is no UTF-8 text");
  const pugi::xml_parse_result parsed =
      call.document->load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return fail("soapenv:Client", fmt::format("The request is no XML: {}", parsed.description()));
  const pugi::xml_node envelope = call.document->document_element();
  if (local_name(envelope) != kEnvelope) return fail("soapenv:Client", "The request is no SOAP envelope");
  call.header = soap_child(envelope, "Header");
  call.operation = soap_child(envelope, "Body").find_child([](const pugi::xml_node& node) {
    return node.type() == pugi::node_element;
  });
  if (!call.operation) return fail("soapenv:Client", "The SOAP body holds no operation");
  call.name = local_name(call.operation);
  return call;
}

void append_element(std::string& out, std::string_view name, std::string_view text) {
  out.append("<").append(name).append(">");
  append_escaped(out, text);
  out.append("</").append(name.substr(0, name.find(' '))).append(">");
}

void append_nil(std::string& out, std::string_view name) {
  out.append("<").append(name).append(R"( xsi:nil="true"/>)");
}

HttpResponse soap_answer(std::string_view operation, std::string_view result) {
  return envelope(200, R"(xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:sobject.partner.soap.sforce.com")",
                  fmt::format("<{0}Response>{1}</{0}Response>", operation, result));
}

HttpResponse soap_metadata_answer(std::string_view operation, std::string_view result) {
  return envelope(200, R"(xmlns="http://soap.sforce.com/2006/04/metadata")",
                  fmt::format("<{0}Response>{1}</{0}Response>", operation, result));
}

HttpResponse soap_fault(std::string_view code, std::string_view message, std::string_view type) {
  std::string body = "<soapenv:Fault>";
  const bool prefixed = code.find(':') != std::string_view::npos || type == "LoginFault";
  append_element(body, "faultcode", prefixed ? std::string(code) : fmt::format("sf:{}", code));
  append_element(body, "faultstring", fmt::format("{}: {}", code, message));
  if (!code.starts_with("soapenv:")) {
    body += fmt::format(R"(<detail><sf:{0} xsi:type="sf:{0}">)", type);
    append_element(body, "sf:exceptionCode", code);
    append_element(body, "sf:exceptionMessage", message);
    body += fmt::format("</sf:{}></detail>", type);
  }
  body += "</soapenv:Fault>";
  return envelope(500, R"(xmlns:sf="urn:fault.partner.soap.sforce.com")", body);
}

}  // namespace orgsim
