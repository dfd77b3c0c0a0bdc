// Any JSON {"answers":{id: body}, "request": value} as the references of a composite request: a value in which each is
// replaced, no longer than it may be, or an error.

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "orgsim/server/composite_request.h"
#include "orgsim/server/json_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orgsim;
  auto body = parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!body || !body->is_object()) return 0;
  References references;
  const nlohmann::json answers = body->value("answers", nlohmann::json::object());
  if (!answers.is_object()) return 0;
  for (const auto& [id, answer] : answers.items()) references.add(id, answer);
  nlohmann::json request = body->value("request", nlohmann::json());
  if (references.resolve(request) && json_text(request).size() > 6 * (size + References::kReferencedMax)) std::abort();
  return 0;
}
