#include "salesforce/composite_answer.h"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

namespace duet::salesforce {

using nlohmann::json;

std::vector<HttpResponse> composite_parts(std::string_view body, std::size_t count) {
  const json answer = json::parse(body, nullptr, false);
  const auto list = answer.is_object() ? answer.find("compositeResponse") : answer.end();
  const bool readable = list != answer.end() && list->is_array();
  std::vector<HttpResponse> parts(count);
  for (std::size_t i = 0; i < count; ++i) {
    parts[i].status = 200;
    if (!readable) continue;
    const std::string name = "c" + std::to_string(i);
    const auto found = std::ranges::find_if(
        *list, [&](const json& each) { return each.is_object() && each.value("referenceId", json()) == name; });
    if (found == list->end()) continue;
    const json status = found->value("httpStatusCode", json());
    if (status.is_number_integer()) parts[i].status = status.get<int>();
    if (found->contains("body")) parts[i].body = (*found)["body"].dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return parts;
}

}  // namespace duet::salesforce
