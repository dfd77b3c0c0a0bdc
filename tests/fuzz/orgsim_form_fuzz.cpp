// Any bytes as a form, a query string and a path: pairs and segments that, written again, read the same.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "orgsim/server/http_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orgsim;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto pairs = parse_form(text);
  std::string form;
  for (const auto& [name, value] : pairs) form += percent_encode(name) + '=' + percent_encode(value) + '&';
  if (parse_form(form) != pairs) std::abort();
  const auto segments = split_path(text);
  std::string path;
  for (const std::string& segment : segments) path += '/' + percent_encode(segment);
  if (split_path(path) != segments) std::abort();
  return 0;
}
