#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

struct Filter;

/// One entity on a custom channel.
struct ChannelMember {
  std::uint16_t object = 0;
  /// The record must meet this to have its events on the channel: a condition as in SOQL's WHERE, empty for all
  /// records.
  std::string filter_text = {};
  std::shared_ptr<const Filter> filter = {};
  /// Fields that updates and deletes carry although they did not change, by index, rising (spec §4.4).
  std::vector<std::uint16_t> enriched = {};
};

/// A custom channel: `/data/Foo__chn` of change events, or `/event/Foo__chn` of platform events.
struct EventChannel {
  std::string name;
  std::uint64_t number = 0;  ///< the same as long as the channel is there, for ids
  bool platform_events = false;
  std::vector<ChannelMember> members;

  /// Null when the entity is not on the channel.
  [[nodiscard]] const ChannelMember* member(std::uint16_t object) const;
};

/// The org's custom channels.
class EventChannels {
 public:
  /// Creates or replaces one: {"name":"Foo__chn","type":"data"|"event","members":["Account",
  /// {"entity":"Contact","enrichedFields":["Email"],"filterExpression":"Title != null"}]}. INVALID_TYPE, INVALID_FIELD
  /// or MALFORMED_QUERY with what is wrong.
  Outcome<void> apply(const Schema& schema, const nlohmann::json& definition);

  [[nodiscard]] const EventChannel* find(std::string_view name) const;
  /// False when there is none.
  bool remove(std::string_view name);
  /// The channels whose filter this record does not meet; `values` are the record's, by field index.
  [[nodiscard]] std::vector<std::string> filtered_out(std::uint16_t object, const std::vector<Value>& values) const;
  /// True when some channel carries the entity, selected for the common channel or not.
  [[nodiscard]] bool carries(std::uint16_t object) const { return carried_.contains(object); }
  /// The fields that some channel enriches the entity's events with, rising.
  [[nodiscard]] const std::vector<std::uint16_t>& enriched(std::uint16_t object) const;
  [[nodiscard]] nlohmann::json to_json(const Schema& schema) const;

 private:
  void note_carried();

  std::uint64_t made_ = 0;
  bool has_filters_ = false;
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
