// Any bytes as a PublishRequest, and as the Avro payload of an event: an error, or an event that can be delivered as it
// came and shown.

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "orgsim/core/avro_event.h"
#include "orgsim/core/org.h"
#include "orgsim/core/platform_event.h"
#include "orgsim/server/change_event_json.h"
#include "pubsub_api.pb.h"

namespace {

using namespace orgsim;

constexpr const char* kTopic = "/event/Every__e";

void define(Org& org) {
  const auto made = org.apply_objects(nlohmann::json::parse(R"({"name":"Every__e","fields":[
    {"name":"Text__c","length":255},{"name":"Flag__c","type":"boolean"},{"name":"Count__c","type":"double","precision":18,"scale":0},
    {"name":"Day__c","type":"date"},{"name":"At__c","type":"datetime"},{"name":"Long__c","type":"textarea","length":1000}]})"));
  if (!made) std::abort();
  org.settings().max_retained_events = 100;
}

void publish(Org& org, const std::string& payload, const std::string& id) {
  if (!org.publish(kTopic, {.id = id, .schema_id = org.topic_schema(kTopic)->id, .payload = payload}, {})) return;
  const auto start = org.start_position(kTopic, ReplayPreset::earliest, 0);
  if (!start) std::abort();
  const EventPage page = org.read_page(kTopic, *start, 200);
  if (page.events.empty()) std::abort();
  const ChangeEvent& event = page.events.back();
  const auto bytes = encode_avro(event);
  if (std::string(bytes.begin(), bytes.end()) != payload) std::abort();
  if (nlohmann::json::parse(change_event_json(event), nullptr, false).is_discarded()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Org org;
  static const bool defined = (define(org), true);
  if (!defined) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  publish(org, bytes, {});
  eventbus::v1::PublishRequest request;
  if (!request.ParseFromString(bytes)) return 0;
  for (const auto& event : request.events()) publish(org, event.payload(), event.id());
  return 0;
}
