#include "orgsim/core/org_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/ascii.h"
#include "orgsim/core/event_builder.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/platform_event.h"
#include "orgsim/core/row_view.h"

namespace orgsim {

namespace {

constexpr std::int64_t kMsPerHour = 3'600'000;

constexpr std::uint64_t kFirstCommitNumber = 10'000'000'000'000;
constexpr std::uint64_t kLargestCommitGap = 40;
constexpr std::int64_t kMaxStampSecond = 0xFFFFFFFF;

}  // namespace

Org::Impl::Impl(const OrgOptions& options)
    : settings(options.settings),
      random(options.seed),
      injected_ms(options.start_ms),
      schema(Schema::standard()),
      last_commit_number(kFirstCommitNumber + random.below(kFirstCommitNumber)),
      events(random.next()) {
  for (const ObjectDef& object : schema.objects()) {
    if (object.setup == Setup::currencies) currency_type = object.index;
  }
  make_tables();
  seed_rows();
}

void Org::Impl::make_tables() {
  while (tables.size() < schema.objects().size()) {
    tables.emplace_back(schema.object_at(static_cast<std::uint16_t>(tables.size())));
  }
}

std::int64_t Org::Impl::published_this_hour() const { return publishing_hour == now() / kMsPerHour ? published : 0; }

Outcome<void> Org::Impl::count_published() {
  const std::int64_t before = published_this_hour();
  if (settings.hourly_publish_limit > 0 && before >= settings.hourly_publish_limit) {
    return fail(codes::kLimitExceeded, "The limit of published events in an hour is exceeded.");
  }
  publishing_hour = now() / kMsPerHour;
  published = before + 1;
  return {};
}

std::uint64_t Org::Impl::stored_records() const {
  std::uint64_t count = 0;
  for (const Table& one : tables) {
    if (one.object().setup == Setup::none) count += one.live_count();
  }
  return count;
}

std::int64_t Org::Impl::now() const { return settings.clock_fixed_ms.value_or(injected_ms + settings.clock_offset_ms); }

std::uint32_t Org::Impl::now_second() const {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(now() / 1000, 0, kMaxStampSecond));
}

std::string Org::Impl::id_of(RowKey key) const {
  return make_id(schema.object_at(object_of(key)).key_prefix, slot_of(key));
}

std::optional<std::uint32_t> Org::Impl::slot_of_id(const ObjectDef& object, std::string_view id) const {
  if (!id.starts_with(object.key_prefix)) return std::nullopt;
  const auto counter = id_counter(id);
  if (!counter || *counter >= table(object).size()) return std::nullopt;
  return static_cast<std::uint32_t>(*counter);
}

Outcome<const ObjectDef*> Org::Impl::object(std::string_view name) const {
  const ObjectDef* found = schema.object(name);
  if (found == nullptr) return fail(codes::kNotFound, "The requested resource does not exist");
  return found;
}

std::vector<Value> Org::Impl::full_values(const ObjectDef& object, std::uint32_t slot, RowState state,
                                          std::uint32_t stamp, std::string_view packed) const {
  std::vector<Value> values;
  unpack(packed, object, values);
  const auto set = [&](const char* name, Value value) {
    if (const FieldDef* field = object.field(name)) values[field->index] = std::move(value);
  };
  set("Id", id_of(row_key(object.index, slot)));
  set("IsDeleted", state != RowState::live);
  set("SystemModstamp", static_cast<std::int64_t>(stamp) * 1000);
  return values;
}

std::uint32_t Org::Impl::new_commit(const Writer& writer) {
  last_commit_number += 1 + random.below(kLargestCommitGap);
  commits.push_back({last_commit_number, now(), new_uuid(), writer.user_id, writer.client, writer.api});
  return static_cast<std::uint32_t>(commits.size() - 1);
}

std::uint32_t Org::Impl::visible_commits() const {
  std::size_t count = commits.size();
  const std::int64_t limit = now() - settings.visibility_delay_ms;
  while (settings.visibility_delay_ms > 0 && count > 0 && commits[count - 1].ms > limit) --count;
  return static_cast<std::uint32_t>(count);
}

Snapshot Org::Impl::all_commits() const { return {this, static_cast<std::uint32_t>(commits.size())}; }

std::string Org::Impl::new_uuid() {
  const std::uint64_t high = random.next();
  const std::uint64_t low = random.next();
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF, low >> 48,
                     low & 0xFFFFFFFFFFFF);
}

std::shared_ptr<const EventSchema> Org::Impl::current_schema(const ObjectDef& object) const {
  auto& [version, made] = schemas_now[object.index];
  if (!made || version != object.version) {
    made = build_event_schema(object);
    version = object.version;
    schemas_by_id[made->id] = made;
  }
  return made;
}

ChangeEvent Org::Impl::materialise(const LoggedEvent& from) const {
  const ObjectDef& object = schema.object_at(from.object);
  ChangeEvent event;
  event.replay_id = from.replay_id;
  event.visible_ms = from.visible_ms;
  event.uuid = fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", from.uuid_high >> 32, (from.uuid_high >> 16) & 0xFFFF,
                           from.uuid_high & 0xFFFF, from.uuid_low >> 48, from.uuid_low & 0xFFFFFFFFFFFF);
  event.entity = object.name;
  if (from.wildcard) {
    event.record_ids.push_back(object.key_prefix + "*");
  } else {
    for (const std::uint32_t slot : from.slots) event.record_ids.push_back(id_of(row_key(from.object, slot)));
  }
  if (event.record_ids.empty() && !object.platform_event) event.record_ids.emplace_back(kEmptyId);
  event.type = from.type;
  event.change_origin = from.transaction->origin;
  event.transaction_key = from.transaction->key;
  event.sequence_number = from.sequence_number;
  event.commit_ms = from.transaction->commit_ms;
  event.commit_number = from.transaction->commit_number;
  event.commit_user = from.transaction->user_id;
  event.schema = from.schema;
  for (const std::uint16_t field : from.diffs) event.diff_fields.push_back(object.fields[field].name);
  if (object.platform_event) {
    event.payload = from.payload;
    if (!from.given_id.empty()) event.uuid = from.given_id;
    event.fields = decode_platform_event(*from.schema, from.payload).value_or(std::vector<EventField>{});
    return event;
  }
  RowReader reader(from.cells);
  IdBuffer id;
  while (reader.next()) {
    const std::string& name = object.fields[reader.index()].name;
    event.fields.push_back({name, to_value(reader.cell(id))});
    if (from.type != ChangeType::update) continue;
    event.changed_fields.push_back(name);
    if (reader.null()) event.nulled_fields.push_back(name);
  }
  return event;
}

bool Org::Impl::on_topic(const Topic& topic, const LoggedEvent& event) const {
  if (topic.channel != nullptr) {
    return topic.channel->member(event.object) != nullptr &&
           std::ranges::find(event.not_on, topic.channel->name) == event.not_on.end();
  }
  if (topic.object != nullptr && topic.object->index != event.object) return false;
  return schema.object_at(event.object).platform_event ? topic.object != nullptr : event.selected;
}

std::uint64_t Org::Impl::publish(LoggedEvent event) {
  events.expire(now(), settings);
  const EventFate fate = event_fate ? event_fate(materialise(event)) : EventFate::deliver;
  if (fate == EventFate::drop) return events.last_id();
  if (schema.object_at(event.object).platform_event) {
    // The fates below are of change events.
  } else if (fate == EventFate::gap) {
    make_gap(event);
  } else if (fate == EventFate::overflow) {
    event.slots.clear();
    make_gap(event);
    event.type = ChangeType::gap_overflow;
  } else if (fate == EventFate::wildcard) {
    event.wildcard = true;
  }
  if (fate == EventFate::duplicate) events.append(event, settings);
  events.append(std::move(event), settings);
  return events.last_id();
}

void Org::Impl::empty_old_bins() {
  const std::int64_t limit = now() / 1000 - settings.recycle_bin_days * 86'400;
  for (const ObjectDef& object : schema.objects()) {
    Table& rows = table(object);
    std::size_t& at = bins_emptied[object.index];
    for (; at < rows.deletes().size() && rows.deletes()[at].first < limit; ++at) {
      const auto [second, slot] = rows.deletes()[at];
      if (rows.state(slot) != RowState::deleted || rows.stamp(slot) >= limit) continue;
      const std::uint32_t commit = new_commit(
          {.user_id = integration_user_id, .client = {}, .api = {}, .version = {}, .transport = Transport::internal});
      rows.change(slot, {.type = ChangeType::remove,
                         .state = RowState::purged,
                         .stamp = rows.stamp(slot),
                         .commit = commit,
                         .packed = rows.packed(slot),
                         .old_cells = {}});
    }
  }
}

}  // namespace orgsim
