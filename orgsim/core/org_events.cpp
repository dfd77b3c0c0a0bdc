#include "orgsim/core/ids.h"
#include "orgsim/core/org_state.h"

namespace orgsim {

namespace {

constexpr std::string_view kAllTopic = "/data/ChangeEvents";
constexpr std::string_view kDataPrefix = "/data/";

/// The object whose events the topic carries; nothing for the common channel and for unknown topics.
const ObjectDef* topic_object(const Schema& schema, std::string_view topic) {
  return topic.starts_with(kDataPrefix) ? schema.object_by_change_event(topic.substr(kDataPrefix.size())) : nullptr;
}

}  // namespace

bool Org::topic_exists(std::string_view topic) const {
  if (topic == kAllTopic) return true;
  const ObjectDef* object = topic_object(impl_->schema, topic);
  // Case matters in topic names, although it does not in object names.
  return object != nullptr && object->cdc_selected && impl_->on_topic(topic, *object);
}

Outcome<std::uint64_t> Org::start_position(std::string_view topic, ReplayPreset preset,
                                           std::optional<std::uint64_t> replay_id) const {
  if (!topic_exists(topic)) return fail(codes::kTopicNotFound, "The topic " + std::string(topic) + " does not exist");
  impl_->events.expire(now(), impl_->settings);
  if (preset == ReplayPreset::latest) return impl_->events.latest(now());
  if (preset == ReplayPreset::earliest) return impl_->events.earliest();
  if (!replay_id) return fail(codes::kReplayMissing, "A replay id is required with the CUSTOM preset");
  if (!impl_->events.valid(*replay_id)) {
    return fail(codes::kReplayCorrupted, "The Replay ID validation failed. Ensure that the Replay ID is valid.");
  }
  return *replay_id;
}

bool Org::can_resume(std::uint64_t position) const { return position >= impl_->events.earliest(); }

std::vector<ChangeEvent> Org::read_events(std::string_view topic, std::uint64_t after, std::size_t max) const {
  return read_page(topic, after, max).events;
}

EventPage Org::read_page(std::string_view topic, std::uint64_t after, std::size_t max) const {
  EventPage page;
  page.position = after;
  if (max == 0) return page;
  impl_->events.read(after, now(), [&](const LoggedEvent& event) {
    page.position = event.replay_id;
    if (impl_->on_topic(topic, impl_->schema.object_at(event.object))) page.events.push_back(impl_->materialise(event));
    return page.events.size() < max;
  });
  return page;
}

std::uint64_t Org::latest_replay_id() const { return impl_->events.latest(now()); }

std::optional<std::int64_t> Org::next_event_ms() const { return impl_->events.next_visible(now()); }

std::shared_ptr<const EventSchema> Org::event_schema(std::string_view schema_id) const {
  if (const auto found = impl_->schemas_by_id.find(schema_id); found != impl_->schemas_by_id.end())
    return found->second;
  // Schemas are built at first use; a client may ask for one that another org of the same shape has told it.
  for (const ObjectDef& object : impl_->schema.objects()) {
    if (object.cdc_selected && impl_->current_schema(object)->id == schema_id) return impl_->current_schema(object);
  }
  return nullptr;
}

std::shared_ptr<const EventSchema> Org::topic_schema(std::string_view topic) const {
  const ObjectDef* object = topic_object(impl_->schema, topic);
  return object != nullptr && topic_exists(topic) ? impl_->current_schema(*object) : nullptr;
}

void Org::set_event_fate(std::function<EventFate(const ChangeEvent&)> decide) { impl_->event_fate = std::move(decide); }

void Org::set_change_watcher(ChangeWatcher watcher) { impl_->watcher = std::move(watcher); }

void Org::reset_event_stream() { impl_->events.reset(); }

}  // namespace orgsim
