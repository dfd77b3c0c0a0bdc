#include "orgsim/core/managed_subscription.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"

namespace orgsim {

namespace {

using nlohmann::json;

constexpr std::string_view kKeyPrefix = "18x";
constexpr std::size_t kSubscriptionsMax = 200;

/// One of two words; false when it is neither.
bool read_choice(const json& from, const char* key, std::string_view yes, std::string_view no, bool& target) {
  if (!from.contains(key)) return true;
  if (from[key] != yes && from[key] != no) return false;
  target = from[key] == yes;
  return true;
}

}  // namespace

Outcome<const ManagedSubscription*> ManagedSubscriptions::apply(const json& definition) {
  const auto text = [&](const char* key) {
    return definition.is_object() && definition.contains(key) && definition[key].is_string()
               ? definition[key].get<std::string>()
               : std::string{};
  };
  const std::string name = text("developerName");
  if (name.empty()) return fail(codes::kInvalidType, "a managed subscription needs a 'developerName'");
  const ManagedSubscription* existing = find(name);
  ManagedSubscription made = existing != nullptr ? *existing : ManagedSubscription{};
  made.developer_name = name;
  if (const std::string topic = text("topicName"); !topic.empty()) made.topic = topic;
  if (made.topic.empty()) return fail(codes::kInvalidType, "a managed subscription needs a 'topicName'");
  if (!read_choice(definition, "state", "RUN", "STOP", made.running) ||
      !read_choice(definition, "defaultReplay", "EARLIEST", "LATEST", made.default_earliest) ||
      !read_choice(definition, "errorRecoveryReplay", "EARLIEST", "LATEST", made.recovery_earliest)) {
    return fail(codes::kInvalidType,
                "'state' is RUN or STOP, 'defaultReplay' and 'errorRecoveryReplay' LATEST or EARLIEST");
  }
  if (existing == nullptr) {
    if (by_id_.size() >= kSubscriptionsMax)
      return fail("LIMIT_EXCEEDED", "an org has at most 200 managed subscriptions");
    made.id = make_id(kKeyPrefix, ++made_);
  }
  ManagedSubscription& kept = by_id_[made.id];
  kept = std::move(made);
  return &kept;
}

const ManagedSubscription* ManagedSubscriptions::find(std::string_view id_or_name) const {
  if (const auto id = canonical_id(id_or_name)) {
    if (const auto found = by_id_.find(*id); found != by_id_.end()) return &found->second;
  }
  const auto named =
      std::ranges::find_if(by_id_, [&](const auto& each) { return each.second.developer_name == id_or_name; });
  return named == by_id_.end() ? nullptr : &named->second;
}

bool ManagedSubscriptions::remove(std::string_view id_or_name) {
  const ManagedSubscription* found = find(id_or_name);
  return found != nullptr && by_id_.erase(std::string(found->id)) > 0;
}

void ManagedSubscriptions::commit(std::string_view id, std::uint64_t replay_id) {
  if (const auto found = by_id_.find(std::string(id)); found != by_id_.end()) found->second.committed = replay_id;
}

json to_json(const ManagedSubscription& subscription) {
  const auto replay = [](bool earliest) { return earliest ? "EARLIEST" : "LATEST"; };
  return {{"attributes",
           {{"type", "ManagedEventSubscription"},
            {"url", "/services/data/v62.0/tooling/sobjects/ManagedEventSubscription/" + subscription.id}}},
          {"Id", subscription.id},
          {"DeveloperName", subscription.developer_name},
          {"Metadata",
           {{"topicName", subscription.topic},
            {"state", subscription.running ? "RUN" : "STOP"},
            {"defaultReplay", replay(subscription.default_earliest)},
            {"errorRecoveryReplay", replay(subscription.recovery_earliest)},
            {"label", subscription.developer_name}}}};
}

json ManagedSubscriptions::to_json() const {
  json out = json::array();
  for (const auto& [id, subscription] : by_id_) out.push_back(orgsim::to_json(subscription));
  return out;
}

}  // namespace orgsim
