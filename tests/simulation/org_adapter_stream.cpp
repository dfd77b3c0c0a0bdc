#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "org_adapter_impl.h"
#include "rules/canonical.h"

namespace duet::simulation {
namespace {

constexpr const char* kChannel = "/data/ChangeEvents";

std::string client_token(const std::string& origin) {
  const auto at = origin.find(";client=");
  return at == std::string::npos ? std::string() : origin.substr(at + 8);
}

}  // namespace

class AdapterStream final : public ports::EventStream {
 public:
  explicit AdapterStream(OrgAdapter& adapter) : adapter_(adapter) {}

  Result<void> open(const std::string& position) override {
    orgsim::Org& org = adapter_.impl_->org;
    const auto start = position.empty()
                           ? org.start_position(kChannel, orgsim::ReplayPreset::latest, std::nullopt)
                           : org.start_position(kChannel, orgsim::ReplayPreset::custom, std::stoull(position));
    if (!start) return fail(ErrorKind::bad_data, start.error().message, "replayid.corrupted");
    after_ = *start;
    return {};
  }

  Result<ports::StreamBatch> next(long) override {
    orgsim::Org& org = adapter_.impl_->org;
    SimRandom& random = adapter_.random_;
    org.set_time(adapter_.clock_.now() + adapter_.offset_ms_);
    ports::StreamBatch batch;
    const auto events = org.read_events(kChannel, after_, 1 + random.below(4));
    for (const orgsim::ChangeEvent& event : events) {
      batch.events.push_back(convert(event));
      if (event.commit_user == org.integration_user_id()) ++adapter_.echoes_;
      if (adapter_.tell) {
        std::string told = fmt::format("stream gives {} {} {}", name_of(batch.events.back().kind),
                                       event.record_ids.front(), batch.events.back().client_token);
        for (const auto& [name, value] : batch.events.back().fields)
          told += fmt::format(" {}={}", name, rules::key_text(value));
        adapter_.tell(told);
      }
      after_ = event.replay_id;
    }
    remember(batch.events);
    if (!adapter_.delivered_.empty() && random.chance(adapter_.faults.event_again)) {
      ChangeEvent again = adapter_.delivered_[random.below(adapter_.delivered_.size())];
      again.position = std::to_string(after_);
      if (adapter_.tell)
        adapter_.tell(fmt::format("stream gives again {} {}", name_of(again.kind), again.record_ids.front()));
      batch.events.push_back(std::move(again));
    }
    if (!events.empty() && random.chance(50)) batch.keep_alive = false;
    if (batch.events.empty()) {
      batch.keep_alive = random.chance(50);
      batch.received_at = batch.keep_alive ? adapter_.clock_.now() : 0;
      if (batch.keep_alive) after_ = std::max(after_, org.latest_replay_id());
    }
    batch.latest_position = std::to_string(after_);
    return batch;
  }

  void close() override {}

 private:
  void remember(const std::vector<ChangeEvent>& events) {
    constexpr std::size_t kRemembered = 30;
    std::deque<ChangeEvent>& delivered = adapter_.delivered_;
    delivered.insert(delivered.end(), events.begin(), events.end());
    while (delivered.size() > kRemembered) delivered.pop_front();
  }

  ChangeEvent convert(const orgsim::ChangeEvent& event) const {
    ChangeEvent out;
    out.position = std::to_string(event.replay_id);
    out.event_id = event.uuid;
    out.object = event.entity;
    out.record_ids = event.record_ids;
    out.transaction_key = event.transaction_key;
    out.sequence = event.sequence_number;
    out.committed_at = event.commit_ms;
    out.commit_number = static_cast<std::int64_t>(event.commit_number);
    out.commit_user = event.commit_user;
    out.client_token = client_token(event.change_origin);
    out.stamp = event.commit_ms / kMsPerSecond * kMsPerSecond;
    switch (event.type) {
      case orgsim::ChangeType::create:
        out.kind = EventKind::create;
        break;
      case orgsim::ChangeType::update:
        out.kind = EventKind::update;
        break;
      case orgsim::ChangeType::remove:
        out.kind = EventKind::remove;
        break;
      case orgsim::ChangeType::undelete:
        out.kind = EventKind::undelete;
        break;
      case orgsim::ChangeType::gap_overflow:
        out.kind = EventKind::gap_overflow;
        break;
      default:
        out.kind = EventKind::gap;
        break;
    }
    if (out.kind == EventKind::create || out.kind == EventKind::undelete) {
      for (const MappedField& field : adapter_.mapping_.fields) {
        if (is_plain(field)) out.fields[field.schema.name] = Null{};
      }
    }
    for (const orgsim::EventField& field : event.fields) {
      if (field.name == "LastModifiedDate") {
        if (const auto* ms = std::get_if<std::int64_t>(&field.value)) out.stamp = *ms;
      } else if (adapter_.mapping_.find(field.name)) {
        out.fields[field.name] = from_org(field.value);
      }
    }
    return out;
  }

  OrgAdapter& adapter_;
  std::uint64_t after_ = 0;
};

std::unique_ptr<ports::EventStream> OrgAdapter::make_stream() { return std::make_unique<AdapterStream>(*this); }

}  // namespace duet::simulation
