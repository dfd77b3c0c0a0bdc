// /recent and the recentItems of an object.
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/recent_items.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::size_t kRecentMax = 200;

bool updates_mru(const RestCall& call) {
  return equals_ignoring_case(header_option(call.request.header("sforce-mru"), "updateMru"), "true");
}

std::string header_of(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

json recent_items(const RestCall& call, const OrgHost::Access& org, std::string_view object, std::size_t limit) {
  json out = json::array();
  for (const RecentItems::Item& item : call.environment.recent.of(call.writer.user_id)) {
    if (out.size() >= limit) break;
    if (!object.empty() && !equals_ignoring_case(object, item.object)) continue;
    const Outcome<Record> record = org->find(item.object, item.id, false, call.writer.user_id);
    if (!record) continue;
    const FieldDef* name = record->object->name_field();
    std::vector<std::string> fields = {"Id"};
    if (name != nullptr) fields.push_back(name->name);
    if (const auto one = org->record_json(*record, call.version, fields)) out.push_back(json(*one));
  }
  return out;
}

HttpResponse serve_recent(const RestCall& call) {
  if (!call.is_read()) return method_not_allowed(call.request, "HEAD,GET");
  std::size_t limit = kRecentMax;
  const std::string_view text = call.request.param("limit").value_or("");
  std::from_chars(text.data(), text.data() + text.size(), limit);
  const OrgHost::Access org = call.environment.host.access();
  return json_answer(200, recent_items(call, org, {}, limit));
}

void note_recent(const RestCall& call, const HttpResponse& response) {
  constexpr int kFirstFailure = 300;
  if (!updates_mru(call) || response.status >= kFirstFailure || !equals_ignoring_case(call.segment(0), "sobjects"))
    return;
  std::string id(call.segment(2));
  if (const std::string location = header_of(response, "Location"); !location.empty()) {
    id = location.substr(location.rfind('/') + 1);
  }
  const auto canonical = canonical_id(id);
  if (!canonical) return;
  const OrgHost::Access org = call.environment.host.access();
  if (const Outcome<Record> record = org->find(call.segment(1), *canonical)) {
    call.environment.recent.note(call.writer.user_id, record->object->name, *canonical);
  }
}

}  // namespace orgsim
