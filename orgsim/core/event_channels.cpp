#include "orgsim/core/event_channels.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/query_filter.h"

namespace orgsim {

namespace {

using nlohmann::json;

constexpr std::string_view kSuffix = "__chn";
constexpr std::string_view kDataPrefix = "/data/";
constexpr std::string_view kEventPrefix = "/event/";
constexpr std::size_t kEnrichedMax = 10;
constexpr std::size_t kChannelsMax = 100;

/// Conditions over the record's own fields only.
bool is_plain(const SoqlCondition& condition) {
  const auto has_currency = [](const SoqlLiteral& literal) { return !literal.currency.empty(); };
  return !condition.subquery && std::ranges::none_of(condition.values, has_currency) &&
         condition.path.function == SoqlFunction::none && std::ranges::all_of(condition.children, is_plain);
}

Outcome<void> read_filter(const Schema& schema, const ObjectDef& object, const json& text, ChannelMember& member) {
  if (!text.is_string()) return fail(codes::kInvalidType, "'filterExpression' is a condition, as text");
  member.filter_text = text.get<std::string>();
  const std::string soql = fmt::format("SELECT Id FROM {} WHERE {}", object.name, member.filter_text);
  const auto query = parse_soql(soql);
  if (!query) return std::unexpected(query.error());
  const bool only_where = query->where && query->group.empty() && query->order.empty() && !query->limit &&
                          !query->offset && !query->all_rows;
  if (!only_where || !is_plain(*query->where)) {
    return fail(codes::kMalformedQuery, "a channel's filter compares the record's own fields");
  }
  const Snapshot nothing;
  QueryContext context{.snapshot = nothing, .object = object, .soql = soql, .schema = &schema};
  context.bind = [&](const SoqlPath& path) -> Outcome<BoundPath> {
    auto bound = bind_path(schema, object, path.text, soql, path.at);
    if (!bound) return bound;
    const FieldDef& field = *bound->field;
    const bool stored = bound->parents.empty() && !is_compound(field.type) && field.expression == nullptr;
    if (!stored || field.type == FieldType::id) {
      return fail(codes::kInvalidField, fmt::format("field '{}' can not be used in a channel's filter", path.text));
    }
    bound->column = field.index;
    return bound;
  };
  auto filter = bind_filter(context, *query->where);
  if (!filter) return std::unexpected(filter.error());
  member.filter = std::make_shared<const Filter>(*std::move(filter));
  return {};
}

Outcome<ChannelMember> read_member(const Schema& schema, const json& item, bool platform_events) {
  const bool has_entity = item.is_object() && item.contains("entity") && item["entity"].is_string();
  if (!item.is_string() && !has_entity) {
    return fail(codes::kInvalidType, "a channel's member is a name or {\"entity\",\"enrichedFields\"}");
  }
  const std::string name = item.is_string() ? item.get<std::string>() : item["entity"].get<std::string>();
  const ObjectDef* object = schema.object(name);
  if (object == nullptr) object = schema.object_by_change_event(name);
  if (object == nullptr || (platform_events ? !object->platform_event : !object->cdc_supported)) {
    return fail(codes::kInvalidType, fmt::format("'{}' cannot be a member of this channel", name));
  }
  ChannelMember member{.object = object->index};
  if (item.is_object() && item.contains("filterExpression") && !item["filterExpression"].is_null()) {
    if (auto read = read_filter(schema, *object, item["filterExpression"], member); !read) {
      return std::unexpected(read.error());
    }
  }
  if (!item.is_object() || !item.contains("enrichedFields")) return member;
  const json& fields = item["enrichedFields"];
  if (!fields.is_array() || fields.size() > kEnrichedMax || platform_events) {
    return fail(codes::kInvalidType, fmt::format("'enrichedFields' is a list of at most {} fields", kEnrichedMax));
  }
  for (const json& item_field : fields) {
    const FieldDef* field = item_field.is_string() ? object->field(item_field.get<std::string>()) : nullptr;
    if (field == nullptr) return fail(codes::kInvalidField, fmt::format("{}: no field {}", name, item_field.dump()));
    member.enriched.push_back(field->index);
  }
  std::ranges::sort(member.enriched);
  return member;
}

}  // namespace

const ChannelMember* EventChannel::member(std::uint16_t object) const {
  const auto found = std::ranges::find(members, object, &ChannelMember::object);
  return found == members.end() ? nullptr : &*found;
}

Outcome<void> EventChannels::apply(const Schema& schema, const json& definition) {
  if (!definition.is_object() || !definition.contains("name") || !definition["name"].is_string()) {
    return fail(codes::kInvalidType, "a channel needs a 'name'");
  }
  EventChannel channel;
  channel.name = definition["name"].get<std::string>();
  if (!channel.name.ends_with(kSuffix) || channel.name.size() == kSuffix.size()) {
    return fail(codes::kInvalidType, fmt::format("a channel's name ends in {}", kSuffix));
  }
  const json type = definition.value("type", json("data"));
  if (type != "data" && type != "event") return fail(codes::kInvalidType, "a channel's 'type' is data or event");
  channel.platform_events = type == "event";
  const json members = definition.value("members", json::array());
  if (!members.is_array()) return fail(codes::kInvalidType, "a channel's 'members' is a list");
  for (const json& item : members) {
    auto member = read_member(schema, item, channel.platform_events);
    if (!member) return std::unexpected(member.error());
    channel.members.push_back(*std::move(member));
  }
  if (channels_.size() >= kChannelsMax && find(channel.name) == nullptr) {
    return fail(codes::kInvalidType, fmt::format("an org has at most {} channels", kChannelsMax));
  }
  const EventChannel* known = find(channel.name);
  channel.number = known != nullptr ? known->number : ++made_;
  channels_[channel.name] = std::move(channel);
  note_carried();
  return {};
}

bool EventChannels::remove(std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return false;
  channels_.erase(found);
  note_carried();
  return true;
}

std::vector<std::string> EventChannels::filtered_out(std::uint16_t object, const std::vector<Value>& values) const {
  std::vector<std::string> names;
  if (!has_filters_) return names;
  for (const auto& [name, channel] : channels_) {
    const ChannelMember* member = channel.member(object);
    if (member != nullptr && member->filter != nullptr && !member->filter->matches(values)) names.push_back(name);
  }
  return names;
}

void EventChannels::note_carried() {
  carried_.clear();
  has_filters_ = false;
  for (const auto& [name, each] : channels_) {
    for (const ChannelMember& member : each.members) {
      has_filters_ |= member.filter != nullptr;
      std::vector<std::uint16_t>& fields = carried_[member.object];
      fields.insert(fields.end(), member.enriched.begin(), member.enriched.end());
      std::ranges::sort(fields);
      fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    }
  }
}

const EventChannel* EventChannels::find(std::string_view name) const {
  const auto found = channels_.find(name);
  return found == channels_.end() ? nullptr : &found->second;
}

const std::vector<std::uint16_t>& EventChannels::enriched(std::uint16_t object) const {
  static const std::vector<std::uint16_t> kNone;
  const auto found = carried_.find(object);
  return found == carried_.end() ? kNone : found->second;
}

json EventChannels::to_json(const Schema& schema) const {
  json out = json::array();
  for (const auto& [name, channel] : channels_) {
    json members = json::array();
    for (const ChannelMember& member : channel.members) {
      const ObjectDef& object = schema.object_at(member.object);
      json fields = json::array();
      for (const std::uint16_t field : member.enriched) fields.push_back(object.fields[field].name);
      json& shown = members.emplace_back(json{{"entity", object.name}, {"enrichedFields", std::move(fields)}});
      if (!member.filter_text.empty()) shown["filterExpression"] = member.filter_text;
    }
    out.push_back({{"name", name},
                   {"number", channel.number},
                   {"type", channel.platform_events ? "event" : "data"},
                   {"topic", std::string(channel.platform_events ? kEventPrefix : kDataPrefix) + name},
                   {"members", std::move(members)}});
  }
  return out;
}

Outcome<Topic> parse_topic(const Schema& schema, const EventChannels& channels, std::string_view name) {
  const auto unknown = [name] {
    return fail(codes::kTopicNotFound, "The topic " + std::string(name) + " does not exist");
  };
  const bool is_event = name.starts_with(kEventPrefix);
  if (!is_event && !name.starts_with(kDataPrefix)) return unknown();
  const std::string_view rest = name.substr(is_event ? kEventPrefix.size() : kDataPrefix.size());
  if (!is_event && rest == "ChangeEvents") return Topic{.all_changes = true};
  if (rest.ends_with(kSuffix)) {
    const EventChannel* channel = channels.find(rest);
    if (channel == nullptr || channel->platform_events != is_event) return unknown();
    return Topic{.channel = channel};
  }
  // Case matters in topic names, although it does not in object names.
  const ObjectDef* object = is_event ? schema.object(rest) : schema.object_by_change_event(rest);
  if (object == nullptr || (is_event ? object->name : object->change_event_name()) != rest) return unknown();
  if (is_event ? !object->platform_event : !object->cdc_selected) return unknown();
  return Topic{.object = object};
}

}  // namespace orgsim
