#pragma once

#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/server/http_message.h"

namespace orgsim {

/// One call of the SOAP API. Elements are found by their local name, because every client has prefixes of its own
/// (spec §1.3).
struct SoapCall {
  /// Owns the nodes below.
  std::shared_ptr<pugi::xml_document> document;
  pugi::xml_node header;
  /// The one element of the body; its local name is the operation.
  pugi::xml_node operation;
  std::string name;

  /// The text of header/{block}/{element}, as SessionHeader/sessionId; empty when it is not there.
  std::string header_text(std::string_view block, std::string_view element) const;
  /// The text of a child of the operation.
  std::string text(std::string_view element) const;
  /// The texts of all children of that name.
  std::vector<std::string> texts(std::string_view element) const;
};

/// Reads an envelope; an Error says what is wrong with it.
Outcome<SoapCall> parse_soap(const std::string& body);

/// "urn:login" is "login".
std::string_view local_name(const pugi::xml_node& node);
/// The first child with that local name; an empty node when there is none.
pugi::xml_node soap_child(const pugi::xml_node& parent, std::string_view name);
/// The text and CDATA of an element, in one piece.
std::string soap_text(const pugi::xml_node& node);
/// True for xsi:nil="true", in any prefix.
bool is_nil(const pugi::xml_node& node);

/// Appends <name>text</name>, escaped; characters that XML cannot hold become '?'.
void append_element(std::string& out, std::string_view name, std::string_view text);
/// Appends <name xsi:nil="true"/>.
void append_nil(std::string& out, std::string_view name);

/// 200 with `result` inside <{operation}Response>, the elements without prefix in the partner namespace.
HttpResponse soap_answer(std::string_view operation, std::string_view result);
/// The same in the namespace of the Metadata API.
HttpResponse soap_metadata_answer(std::string_view operation, std::string_view result);
/// 500 with a fault as Salesforce words it (spec §1.3): the code in faultcode, faultstring and detail. The faultcode
/// has the prefix "sf:", but not that of a LoginFault.
HttpResponse soap_fault(std::string_view code, std::string_view message,
                        std::string_view type = "UnexpectedErrorFault");

}  // namespace orgsim
