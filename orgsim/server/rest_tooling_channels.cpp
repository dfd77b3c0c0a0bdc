// Which objects have change events, and custom channels, through the Tooling API (spec §4.4).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/rest_tooling.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr const char* kStandardChannel = "ChangeEvents";
constexpr std::uint64_t kIdsPerChannel = 100'000;

std::string channel_id(std::uint64_t number) { return make_id("0YL", number); }
std::string member_id(std::uint64_t channel, const ObjectDef& object) {
  return make_id("0v8", channel * kIdsPerChannel + object.index);
}

std::string entity_name(const ObjectDef& object) {
  return object.platform_event ? object.name : object.change_event_name();
}

json member_row(const RestCall& call, const std::string& channel, std::uint64_t number, const ObjectDef& object,
                const json& member) {
  const std::string id = member_id(number, object);
  const std::string stem = channel.ends_with("__chn") ? channel.substr(0, channel.size() - 5) + "_chn" : channel;
  const std::string name = fmt::format("{}_{}", stem, entity_name(object));
  json enriched = json::array();
  for (const json& field : member.value("enrichedFields", json::array())) enriched.push_back({{"name", field}});
  return {{"attributes",
           {{"type", "PlatformEventChannelMember"},
            {"url", call.base_path() + "/tooling/sobjects/PlatformEventChannelMember/" + id}}},
          {"Id", id},
          {"DeveloperName", name},
          {"FullName", name},
          {"EventChannel", channel},
          {"SelectedEntity", entity_name(object)},
          {"FilterExpression", member.value("filterExpression", json(nullptr))},
          {"Metadata",
           {{"eventChannel", channel},
            {"selectedEntity", entity_name(object)},
            {"enrichedFields", std::move(enriched)},
            {"filterExpression", member.value("filterExpression", json(nullptr))}}}};
}

std::string text(const json& from, const char* key) {
  return from.is_object() && from.contains(key) && from[key].is_string() ? from[key].get<std::string>() : std::string();
}

/// The channel as apply_channels() takes it.
json* find_channel(json& channels, const std::string& name) {
  const auto found = std::ranges::find_if(channels, [&](const json& one) { return one["name"] == name; });
  return found == channels.end() ? nullptr : &*found;
}

Outcome<void> apply_channel(Org& org, json channel) {
  channel.erase("topic");
  channel.erase("number");
  if (auto done = org.apply_channels(channel); !done) return std::unexpected(done.error());
  return {};
}

Outcome<std::string> create_channel(Org& org, const std::string& full_name, const json& metadata) {
  if (org.channels().find(full_name) != nullptr) {
    return fail("DUPLICATE_DEVELOPER_NAME", fmt::format("There is already a channel named {}.", full_name));
  }
  const std::string type = text(metadata, "channelType");
  auto made = apply_channel(org, {{"name", full_name}, {"type", type.empty() ? "data" : type}});
  if (!made) return std::unexpected(made.error());
  return channel_id(org.channels().find(full_name)->number);
}

Outcome<std::string> create_member(Org& org, const json& metadata) {
  const std::string channel_name = text(metadata, "eventChannel");
  const std::string entity = text(metadata, "selectedEntity");
  const ObjectDef* object = org.schema().object_by_change_event(entity);
  if (object == nullptr) object = org.schema().object(entity);
  if (object == nullptr) return fail(codes::kInvalidType, fmt::format("'{}' cannot be selected for events", entity));
  const auto twice = [&] {
    return fail("DUPLICATE_VALUE", fmt::format("{} is a member of {} already", entity, channel_name));
  };
  if (channel_name == kStandardChannel) {
    if (object->cdc_selected) return twice();
    if (auto done = org.select_for_events(object->name, true); !done) return std::unexpected(done.error());
    return member_id(0, *object);
  }
  json channels = org.channels().to_json(org.schema());
  json* channel = find_channel(channels, channel_name);
  if (channel == nullptr)
    return fail(codes::kInvalidCrossReference, fmt::format("There is no channel {}", channel_name));
  for (const json& member : (*channel)["members"]) {
    if (member["entity"] == object->name) return twice();
  }
  json member = {{"entity", object->name}};
  for (const json& field : metadata.value("enrichedFields", json::array())) {
    member["enrichedFields"].push_back(field.is_object() ? json(text(field, "name")) : field);
  }
  if (const std::string filter = text(metadata, "filterExpression"); !filter.empty())
    member["filterExpression"] = filter;
  const std::uint64_t number = (*channel)["number"];
  (*channel)["members"].push_back(std::move(member));
  if (auto done = apply_channel(org, *channel); !done) return std::unexpected(done.error());
  return member_id(number, *object);
}

Outcome<void> remove_member(Org& org, const json& row) {
  const std::string channel_name = row["EventChannel"];
  const ObjectDef* object = org.schema().object_by_change_event(row["SelectedEntity"].get<std::string>());
  if (object == nullptr) object = org.schema().object(row["SelectedEntity"].get<std::string>());
  if (channel_name == kStandardChannel) return org.select_for_events(object->name, false);
  json channels = org.channels().to_json(org.schema());
  json* channel = find_channel(channels, channel_name);
  json& members = (*channel)["members"];
  const auto same = std::ranges::find_if(members, [&](const json& one) { return one["entity"] == object->name; });
  if (same != members.end()) members.erase(same);
  return apply_channel(org, *channel);
}

}  // namespace

json channel_rows(const RestCall& call, const Org& org) {
  json out = json::array();
  for (const json& channel : org.channels().to_json(org.schema())) {
    const std::string id = channel_id(channel["number"]);
    const auto name = channel["name"].get<std::string>();
    out.push_back({{"attributes",
                    {{"type", "PlatformEventChannel"},
                     {"url", call.base_path() + "/tooling/sobjects/PlatformEventChannel/" + id}}},
                   {"Id", id},
                   {"DeveloperName", name.substr(0, name.size() - 5)},
                   {"FullName", name},
                   {"ChannelType", channel["type"]},
                   {"Metadata", {{"channelType", channel["type"]}, {"label", name}}}});
  }
  return out;
}

json channel_member_rows(const RestCall& call, const Org& org) {
  json out = json::array();
  for (const ObjectDef& object : org.schema().objects()) {
    if (object.cdc_selected) out.push_back(member_row(call, kStandardChannel, 0, object, json::object()));
  }
  for (const json& channel : org.channels().to_json(org.schema())) {
    for (const json& member : channel["members"]) {
      out.push_back(member_row(call, channel["name"], channel["number"],
                               *org.schema().object(member["entity"].get<std::string>()), member));
    }
  }
  return out;
}

HttpResponse serve_tooling_channels(const RestCall& call) {
  const bool members = equals_ignoring_case(call.segment(2), "PlatformEventChannelMember");
  OrgHost::Access org = call.environment.host.access();
  if (call.path.size() == 3) {
    if (!call.is("POST")) return method_not_allowed(call.request, "HEAD,POST");
    const Outcome<json> body = parse_json(call.request.body);
    if (!body) return error_answer(body.error());
    if (!body->is_object() || !body->contains("Metadata") || !(*body)["Metadata"].is_object()) {
      return error_answer(
          make_error(codes::kRequiredFieldMissing, "Required fields are missing: [Metadata]", {"Metadata"}), true);
    }
    const auto made = members ? create_member(*org, (*body)["Metadata"])
                              : create_channel(*org, text(*body, "FullName"), (*body)["Metadata"]);
    org.announce();
    return made ? tooling_created(*made) : error_answer(made.error(), true);
  }
  const auto id = canonical_id(call.segment(3));
  const json rows = members ? channel_member_rows(call, *org) : channel_rows(call, *org);
  const auto row = std::ranges::find_if(rows, [&](const json& one) { return id && one["Id"] == *id; });
  if (call.path.size() != 4 || row == rows.end()) return not_found();
  if (call.is_read()) return json_answer(200, *row);
  if (!call.is("DELETE")) return method_not_allowed(call.request, "DELETE,GET,HEAD");
  Outcome<void> done;
  if (members) {
    done = remove_member(*org, *row);
  } else {
    org->remove_channel((*row)["FullName"].get<std::string>());
  }
  org.announce();
  return done ? empty_answer(204) : error_answer(done.error(), true);
}

}  // namespace orgsim
