// Any bytes as a SOAP message: a fault, or a call whose texts can be answered with and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "orgsim/server/soap_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orgsim;
  const Outcome<SoapCall> call = parse_soap(std::string(reinterpret_cast<const char*>(data), size));
  if (!call) return 0;
  std::string out;
  for (const pugi::xml_node& node : call->operation.children()) append_element(out, "text", soap_text(node));
  append_element(out, "session", call->header_text("SessionHeader", "sessionId"));
  const Outcome<SoapCall> again = parse_soap(soap_answer("echo", out).body);
  if (!again || again->name != "echoResponse") std::abort();
  return 0;
}
