#include "orgsim/server/cometd.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/server/change_event_json.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/oauth.h"

namespace orgsim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kDataPrefix = "/data/";
constexpr std::string_view kEventPrefix = "/event/";
constexpr std::string_view kGenericPrefix = "/u/";

std::string member(const json& message, const char* name) {
  const auto found = message.find(name);
  return found != message.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// The answer to a message, with the id that it had.
json answer_to(const json& message, bool successful) {
  json out = {{"channel", member(message, "channel")}, {"successful", successful}};
  if (message.contains("id")) out["id"] = message["id"];
  if (const std::string client = member(message, "clientId"); !client.empty()) out["clientId"] = client;
  return out;
}

json refusal(const json& message, std::string_view error, std::string_view reconnect = {}) {
  json out = answer_to(message, false);
  out["error"] = error;
  if (!reconnect.empty()) out["advice"] = {{"interval", 0}, {"reconnect", reconnect}};
  return out;
}

json unknown_client(const json& message) { return refusal(message, "403::Unknown client", "handshake"); }

json expired(const json& message) {
  if (member(message, "channel") != "/meta/handshake") return refusal(message, "401::Authentication invalid", "none");
  json out = refusal(message, "403::Handshake denied", "none");
  out["ext"] = {{"replay", true}, {"sfdc", {{"failureReason", "401::Authentication invalid"}}}};
  return out;
}

void append_message(std::string& out, std::string_view message) {
  if (out.size() > 1) out += ',';
  out += message;
}

std::vector<std::string> channels_of(const json& message) {
  std::vector<std::string> out;
  const auto found = message.find("subscription");
  if (found == message.end()) return out;
  const json list = found->is_array() ? *found : json::array({*found});
  for (const json& channel : list) {
    if (channel.is_string()) out.push_back(channel.get<std::string>());
  }
  return out;
}

/// The replay id asked for this channel: -1 new events, -2 all retained ones, N those after N.
std::int64_t replay_of(const json& message, const std::string& channel) {
  const auto extension = message.find("ext");
  if (extension == message.end() || !extension->is_object()) return -1;
  const auto replay = extension->find("replay");
  if (replay == extension->end() || !replay->is_object()) return -1;
  const auto found = replay->find(channel);
  return found != replay->end() && found->is_number_integer() ? found->get<std::int64_t>() : -1;
}

/// Change events and platform events; other channels have replay ids of their own.
bool on_event_bus(std::string_view channel) {
  return channel.starts_with(kDataPrefix) || channel.starts_with(kEventPrefix);
}

}  // namespace

Cometd::Cometd(OrgHost& host, Sessions& sessions, ApiUsage& usage, StreamingEvents& events, const PushTopics& topics,
               std::uint64_t seed)
    : host_(host), sessions_(sessions), usage_(usage), events_(events), topics_(topics), random_(seed) {}

HttpResponse Cometd::serve(const HttpRequest& request) {
  if (request.method != "POST") return method_not_allowed(request, "POST");
  const Outcome<json> body = parse_json(request.body);
  if (!body) return text_answer(400, R"([{"successful":false,"error":"400::Invalid JSON"}])");
  const json messages = body->is_array() ? *body : json::array({*body});
  if (messages.size() > kMessagesMax)
    return text_answer(413, R"([{"successful":false,"error":"413::Too many messages"}])");
  usage_.count_free("streaming");
  const std::string token(bearer_token(request));
  const std::optional<std::string> user = sessions_.touch(token, wall_clock_ms());
  std::string out = "[";
  for (const json& message : messages) {
    if (!message.is_object()) continue;
    const std::string channel = member(message, "channel");
    if (!user) {
      append_message(out, json_text(expired(message)));
      continue;
    }
    OrgHost::Access org = host_.access();
    if (channel == "/meta/handshake") {
      append_message(out, json_text(handshake(org, message, *user)));
    } else if (channel == "/meta/connect") {
      // Each that is held keeps a connection: what is left is for everybody else.
      if (held_ >= kHeldMax) return error_answer(503, "SERVER_UNAVAILABLE", "Too many streaming clients are connected");
      ++held_;
      connect(org, message, token, out);
      --held_;
    } else if (channel == "/meta/subscribe") {
      for (const json& answer : subscribe(org, message)) append_message(out, json_text(answer));
    } else if (channel == "/meta/unsubscribe") {
      append_message(out, json_text(unsubscribe(org, message)));
    } else if (channel == "/meta/disconnect") {
      append_message(out, json_text(disconnect(message)));
    } else {
      append_message(out, json_text(refusal(message, "403::Publish denied")));
    }
  }
  return text_answer(200, out + "]");
}

json Cometd::handshake(OrgHost::Access& org, const json& message, const std::string& user_id) {
  forget_silent(wall_clock_ms());
  const std::int64_t limit = org->settings().streaming_client_limit;
  if (clients_.size() >= kClientsMax || (limit > 0 && static_cast<std::int64_t>(clients_.size()) >= limit)) {
    return refusal(message, "403::Organization concurrent user limit exceeded", "none");
  }
  constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string id;
  while (id.size() < 28) id.push_back(kAlphabet[random_.below(kAlphabet.size())]);
  clients_[id] = Client{.user_id = user_id,
                        .subscriptions = {},
                        .stream_epoch = org.stream_epoch(),
                        .org = org.share(),
                        .seen_ms = wall_clock_ms()};
  json out = answer_to(message, true);
  events_.note_clients(clients_.size());
  out["clientId"] = id;
  out["version"] = "1.0";
  out["minimumVersion"] = "1.0";
  out["supportedConnectionTypes"] = {"long-polling"};
  out["ext"] = {{"replay", true}, {"payload.format", true}};
  return out;
}

Cometd::Clients::iterator Cometd::find(const OrgHost::Access& org, const json& message) {
  const auto found = clients_.find(member(message, "clientId"));
  if (found == clients_.end()) return found;
  Client& client = found->second;
  // A reset of the org or of its event stream is a server that knows nobody any more.
  if (client.org != org.share() || client.stream_epoch != org.stream_epoch()) {
    clients_.erase(found);
    return clients_.end();
  }
  client.seen_ms = wall_clock_ms();
  return found;
}

void Cometd::connect(OrgHost::Access& org, const json& message, std::string_view token, std::string& out) {
  auto client = find(org, message);
  if (client == clients_.end()) return append_message(out, json_text(unknown_client(message)));
  if (is_limit_reached(org)) {
    return append_message(out,
                          json_text(refusal(message, "403::Organization total events daily limit exceeded", "none")));
  }
  const bool hold = client->second.was_connected;
  client->second.was_connected = true;
  const std::uint64_t turn = ++client->second.connects;
  org.announce();
  const auto deadline = steady_clock::now() + kHold;
  while (collect(org, client->second, out) == 0 && hold && steady_clock::now() < deadline && !org.stopping()) {
    auto wake = deadline;
    if (const auto next = org->next_event_ms()) {
      wake = std::min(wake, steady_clock::now() + milliseconds(std::max<std::int64_t>(1, *next - org->now())));
    }
    org.wait(wake);
    client = org.replaced() ? clients_.end() : find(org, message);
    if (client == clients_.end()) return append_message(out, json_text(unknown_client(message)));
    if (client->second.connects != turn) break;
    if (!sessions_.touch(token, wall_clock_ms())) return append_message(out, json_text(expired(message)));
  }
  json answer = answer_to(message, true);
  if (!hold) answer["advice"] = {{"interval", 0}, {"timeout", kHold.count()}, {"reconnect", "retry"}};
  append_message(out, json_text(answer));
}

bool Cometd::is_limit_reached(const OrgHost::Access& org) {
  const Settings& settings = org->settings();
  const auto reached = [&](Meter meter, std::int64_t limit) {
    return limit > 0 && usage_.used_in_24_hours(meter, wall_clock_ms()) >= limit;
  };
  return reached(Meter::events, settings.daily_event_limit) ||
         reached(Meter::streaming_events, settings.daily_streaming_event_limit);
}

std::size_t Cometd::collect(OrgHost::Access& org, Client& client, std::string& out) {
  std::size_t count = 0;
  std::size_t own = 0;  // of PushTopics and generic channels
  const auto append = [&](const std::string& channel, const std::string& data) {
    append_message(out, fmt::format(R"({{"data":{},"channel":{}}})", data, json_text(json(channel))));
    ++count;
  };
  for (auto& [channel, subscription] : client.subscriptions) {
    const std::size_t room = kEventsPerAnswer - std::min(count, kEventsPerAnswer);
    if (on_event_bus(channel)) {
      EventPage page = org->read_page(channel, subscription.position, room);
      org->hide_events(page.events, client.user_id);
      for (const ChangeEvent& event : page.events) append(channel, change_event_json(event));
      subscription.position = page.position;
      continue;
    }
    for (const StreamingEvents::Event* event : events_.read(channel, subscription.position, room)) {
      subscription.position = event->replay_id;
      const auto& users = event->user_ids;
      if (!users.empty() && std::ranges::find(users, client.user_id) == users.end()) continue;
      append(channel, event->data);
      ++own;
    }
  }
  usage_.count_events(count, wall_clock_ms());
  usage_.add(Meter::streaming_events, static_cast<std::int64_t>(own), wall_clock_ms());
  return count;
}

bool Cometd::has_channel(const OrgHost::Access& org, const std::string& channel) const {
  if (on_event_bus(channel)) return org->topic_exists(channel);
  if (!channel.starts_with(kGenericPrefix)) return topics_.has_channel(channel);
  const auto found = org->find_by_field("StreamingChannel", "Name", Value(channel));
  return found && !found->empty();
}

std::optional<std::uint64_t> Cometd::start_position(OrgHost::Access& org, const std::string& channel,
                                                    std::int64_t replay) const {
  const std::uint64_t id = replay < 0 ? 0 : static_cast<std::uint64_t>(replay);
  if (on_event_bus(channel)) {
    const ReplayPreset preset = replay == -1   ? ReplayPreset::latest
                                : replay == -2 ? ReplayPreset::earliest
                                               : ReplayPreset::custom;
    const auto position = org->start_position(channel, preset, id);
    return position ? std::optional(*position) : std::nullopt;
  }
  if (replay == -1) return events_.latest();
  if (replay == -2) return events_.earliest();
  return events_.can_resume(id) ? std::optional(id) : std::nullopt;
}

json Cometd::subscribe(OrgHost::Access& org, const json& message) {
  json out = json::array();
  const auto client = find(org, message);
  if (client == clients_.end()) {
    out.push_back(unknown_client(message));
    return out;
  }
  const std::vector<std::string> channels = channels_of(message);
  for (const std::string& channel : channels) out.push_back(subscribe_channel(org, client->second, message, channel));
  if (out.empty()) out.push_back(refusal(message, "400::The channel specified is not valid"));
  org.announce();
  return out;
}

json Cometd::subscribe_channel(OrgHost::Access& org, Client& client, const json& message, const std::string& channel) {
  const auto refuse = [&](const std::string& error) {
    json out = refusal(message, error);
    out["subscription"] = channel;
    return out;
  };
  if (!has_channel(org, channel)) return refuse("404::Unknown channel");
  const auto schema = on_event_bus(channel) ? org->topic_schema(channel) : nullptr;
  if (schema != nullptr && !org->may_subscribe(client.user_id, schema->entity)) {
    return refuse("403::Handshake denied: the user cannot subscribe to this channel");
  }
  if (client.subscriptions.size() >= kSubscriptionsMax) return refuse("403::Too many subscriptions");
  const std::int64_t replay = replay_of(message, channel);
  const auto position = replay < -2 ? std::nullopt : start_position(org, channel, replay);
  if (!position) {
    return refuse(
        fmt::format("400::The replayId {{{}}} you provided was invalid.  Please provide a valid ID, -2 to replay all "
                    "events, or -1 to replay only new events.",
                    replay));
  }
  client.subscriptions[channel] = {.position = *position};
  json out = answer_to(message, true);
  out["subscription"] = channel;
  return out;
}

json Cometd::unsubscribe(OrgHost::Access& org, const json& message) {
  const auto client = find(org, message);
  if (client == clients_.end()) return unknown_client(message);
  for (const std::string& channel : channels_of(message)) client->second.subscriptions.erase(channel);
  json out = answer_to(message, true);
  if (message.contains("subscription")) out["subscription"] = message["subscription"];
  return out;
}

json Cometd::disconnect(const json& message) {
  clients_.erase(member(message, "clientId"));
  events_.note_clients(clients_.size());
  return answer_to(message, true);
}

void Cometd::forget_silent(std::int64_t now_ms) {
  std::erase_if(clients_, [now_ms](const auto& entry) { return now_ms - entry.second.seen_ms > kSilenceMs; });
}

}  // namespace orgsim
