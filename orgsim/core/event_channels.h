#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/schema.h"

namespace orgsim {

/// One entity on a custom channel.
struct ChannelMember {
  std::uint16_t object = 0;
  /// Fields that updates and deletes carry although they did not change, by index, rising (spec §4.4).
  std::vector<std::uint16_t> enriched = {};
};

/// A custom channel: `/data/Foo__chn` of change events, or `/event/Foo__chn` of platform events.
struct EventChannel {
  std::string name;
  bool platform_events = false;
  std::vector<ChannelMember> members;

  /// Null when the entity is not on the channel.
  [[nodiscard]] const ChannelMember* member(std::uint16_t object) const;
};

/// The org's custom channels.
class EventChannels {
 public:
  /// Creates or replaces one: {"name":"Foo__chn","type":"data"|"event","members":["Account",
  /// {"entity":"Contact","enrichedFields":["Email"]}]}. INVALID_TYPE or INVALID_FIELD with what is wrong.
  Outcome<void> apply(const Schema& schema, const nlohmann::json& definition);

  [[nodiscard]] const EventChannel* find(std::string_view name) const;
  /// True when some channel carries the entity, selected for the common channel or not.
  [[nodiscard]] bool carries(std::uint16_t object) const { return carried_.contains(object); }
  /// The fields that some channel enriches the entity's events with, rising.
  [[nodiscard]] const std::vector<std::uint16_t>& enriched(std::uint16_t object) const;
  [[nodiscard]] nlohmann::json to_json(const Schema& schema) const;

 private:
  std::map<std::string, EventChannel, std::less<>> channels_;
  std::map<std::uint16_t, std::vector<std::uint16_t>> carried_;  // with the enriched fields of all channels
};

/// What a topic name stands for (spec §4.4).
struct Topic {
  bool all_changes = false;           ///< /data/ChangeEvents
  const ObjectDef* object = nullptr;  ///< the topic of one entity or platform event
  const EventChannel* channel = nullptr;
};

/// Nothing for names that no subscriber may use: unknown ones, and entities that are not selected for change events.
[[nodiscard]] Outcome<Topic> parse_topic(const Schema& schema, const EventChannels& channels, std::string_view name);

}  // namespace orgsim
