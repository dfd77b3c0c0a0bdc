#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/event_builder.h"
#include "orgsim/core/org_state.h"
#include "orgsim/core/platform_event.h"

namespace orgsim {

namespace {

/// Adds what the channel's member asks for and the change did not touch.
void enrich(ChangeEvent& event, const LoggedEvent& logged, const ObjectDef& object, const ChannelMember& member) {
  RowReader reader(logged.enriched);
  IdBuffer id;
  while (reader.next()) {
    const std::string& name = object.fields[reader.index()].name;
    const bool asked = std::ranges::binary_search(member.enriched, reader.index());
    if (!asked || std::ranges::find(event.fields, name, &EventField::name) != event.fields.end()) continue;
    event.fields.push_back({name, to_value(reader.cell(id))});
  }
}

}  // namespace

bool Org::topic_exists(std::string_view topic) const {
  return parse_topic(impl_->schema, impl_->channels, topic).has_value();
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
  const Outcome<Topic> found = parse_topic(impl_->schema, impl_->channels, topic);
  if (max == 0 || !found) return page;
  impl_->events.read(after, now(), [&](const LoggedEvent& event) {
    page.position = event.replay_id;
    if (!impl_->on_topic(*found, event)) return true;
    page.events.push_back(impl_->materialise(event));
    if (found->channel != nullptr && !event.enriched.empty()) {
      enrich(page.events.back(), event, impl_->schema.object_at(event.object), *found->channel->member(event.object));
    }
    return page.events.size() < max;
  });
  return page;
}

EventPage Org::read_bus(std::uint64_t after, std::size_t max) const {
  EventPage page;
  page.position = after;
  if (max == 0) return page;
  impl_->events.read(after, now(), [&](const LoggedEvent& event) {
    page.position = event.replay_id;
    page.events.push_back(impl_->materialise(event));
    return page.events.size() < max;
  });
  return page;
}

std::uint64_t Org::bus_position_before(std::size_t events) const { return impl_->events.before_newest(events, now()); }

std::uint64_t Org::latest_replay_id() const { return impl_->events.latest(now()); }

std::optional<std::int64_t> Org::next_event_ms() const { return impl_->events.next_visible(now()); }

std::shared_ptr<const EventSchema> Org::event_schema(std::string_view schema_id) const {
  if (const auto found = impl_->schemas_by_id.find(schema_id); found != impl_->schemas_by_id.end())
    return found->second;
  // Schemas are built at first use; a client may ask for one that another org of the same shape has told it.
  for (const ObjectDef& object : impl_->schema.objects()) {
    if ((object.platform_event || impl_->has_events(object)) && impl_->current_schema(object)->id == schema_id)
      return impl_->current_schema(object);
  }
  return nullptr;
}

std::shared_ptr<const EventSchema> Org::topic_schema(std::string_view topic) const {
  const Outcome<Topic> found = parse_topic(impl_->schema, impl_->channels, topic);
  return found && found->object != nullptr ? impl_->current_schema(*found->object) : nullptr;
}

std::int64_t Org::published_this_hour() const { return impl_->published_this_hour(); }

bool Org::can_publish(std::string_view topic) const {
  const Outcome<Topic> found = parse_topic(impl_->schema, impl_->channels, topic);
  return found && found->object != nullptr && found->object->platform_event;
}

Outcome<std::uint64_t> Org::publish(std::string_view topic, const PublishedEvent& event, const Writer& writer) {
  const Outcome<Topic> found = parse_topic(impl_->schema, impl_->channels, topic);
  if (!found || found->object == nullptr) return fail(codes::kTopicNotFound, "The topic does not exist");
  const auto schema = event_schema(event.schema_id);
  // Any version of the event's schema is good; positions do not matter, because each event names its own.
  if (schema == nullptr || schema->entity != found->object->name) {
    return fail("INVALID_EVENT_SCHEMA", "The schema " + event.schema_id + " is not one of this topic's.");
  }
  if (event.payload.size() > kEventBytesMax) {
    return fail("EVENT_TOO_LARGE", "The event is larger than the maximum of 1 MB.");
  }
  if (const auto fields = decode_platform_event(*schema, event.payload); !fields) {
    return std::unexpected(fields.error());
  }
  if (auto counted = impl_->count_published(); !counted) return std::unexpected(counted.error());
  LoggedEvent logged;
  logged.transaction = std::make_shared<EventTransaction>(
      EventTransaction{impl_->new_uuid(), {}, writer.user_id, impl_->last_commit_number, now()});
  logged.schema = schema;
  logged.uuid_high = impl_->random.next();
  logged.uuid_low = impl_->random.next();
  logged.object = found->object->index;
  logged.payload = event.payload;
  logged.given_id = event.id;
  return impl_->publish(std::move(logged));
}

Outcome<nlohmann::json> Org::apply_channels(const nlohmann::json& definitions) {
  EventChannels changed = impl_->channels;
  const nlohmann::json list = definitions.is_array() ? definitions : nlohmann::json::array({definitions});
  for (const nlohmann::json& definition : list) {
    if (auto applied = changed.apply(impl_->schema, definition); !applied) return std::unexpected(applied.error());
  }
  impl_->channels = std::move(changed);
  return impl_->channels.to_json(impl_->schema);
}

const EventChannels& Org::channels() const { return impl_->channels; }
bool Org::remove_channel(std::string_view name) { return impl_->channels.remove(name); }
ManagedSubscriptions& Org::subscriptions() { return impl_->subscriptions; }
void Org::expire_events() { impl_->events.forget(); }

void Org::set_event_fate(std::function<EventFate(const ChangeEvent&)> decide) { impl_->event_fate = std::move(decide); }

void Org::set_row_fate(std::function<std::optional<Error>(const RowWrite&)> decide) {
  impl_->row_fate = std::move(decide);
}

void Org::set_change_watcher(ChangeWatcher watcher) { impl_->watcher = std::move(watcher); }

void Org::reset_event_stream() { impl_->events.reset(); }

}  // namespace orgsim
