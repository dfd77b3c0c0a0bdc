#include "orgsim/core/event_builder.h"

#include <algorithm>

#include "orgsim/core/platform_event.h"
#include "orgsim/core/text_diff.h"

namespace orgsim {

namespace {

/// Text fields that may show a diff, and from how many bytes on: the org says "large text" and no number.
constexpr std::int32_t kLongTextLength = 255;
constexpr std::size_t kDiffTextBytes = 1000;

/// The diff that stands for the new text, or nothing when the text itself is shorter.
std::string diff_for(const FieldDef& field, const Value& before, const Value& after) {
  const auto* old_text = std::get_if<std::string>(&before);
  const auto* new_text = std::get_if<std::string>(&after);
  const bool is_long = field.type == FieldType::textarea && field.length > kLongTextLength;
  if (!is_long || old_text == nullptr || new_text == nullptr || new_text->size() < kDiffTextBytes) return {};
  std::string diff = unified_diff(*old_text, *new_text);
  return diff.size() < new_text->size() ? diff : std::string{};
}

/// An update of computed fields only makes no event (§0.7).
bool shows(const ObjectDef& object, const std::vector<Value>& before, const std::vector<Value>& after) {
  return std::ranges::any_of(object.fields, [&](const FieldDef& field) {
    return before[field.index] != after[field.index] && !excluded_from_events(field);
  });
}

/// The changed fields of an update, all of a create or undelete, none of a delete; returns how many.
std::size_t write_cells(const ObjectDef& object, const std::vector<Value>& before, const std::vector<Value>& after,
                        bool with_diffs, LoggedEvent& event) {
  if (event.type == ChangeType::remove) return 0;
  RowWriter writer;
  std::size_t count = 0;
  const bool is_update = event.type == ChangeType::update;
  for (const FieldDef& field : object.fields) {
    if (excluded_from_events(field)) continue;
    const Value& value = after[field.index];
    // An update always shows LastModifiedDate, even when it stayed within the second (§4.5).
    if (is_update && value == before[field.index] && field.name != "LastModifiedDate") continue;
    if (!is_null(value)) {
      const std::string diff = is_update && with_diffs ? diff_for(field, before[field.index], value) : std::string{};
      if (!diff.empty()) event.diffs.push_back(field.index);
      writer.put(field, diff.empty() ? to_view(value) : CellView(std::string_view(diff)));
      ++count;
    } else if (is_update) {
      writer.put_null(field.index);
      ++count;
    }
  }
  event.cells = writer.bytes();
  return count;
}

std::string pack_fields(const ObjectDef& object, const std::vector<std::uint16_t>& fields,
                        const std::vector<Value>& values) {
  RowWriter writer;
  for (const std::uint16_t index : fields) writer.put(object.fields[index], to_view(values[index]));
  return writer.bytes();
}

}  // namespace

void make_gap(LoggedEvent& event) {
  if (event.type <= ChangeType::undelete) {
    event.type = static_cast<ChangeType>(static_cast<int>(event.type) + static_cast<int>(ChangeType::gap_create));
  }
  event.sequence_number = 1;
  event.cells.clear();
  event.enriched.clear();
  event.diffs.clear();
}

void EventBuilder::add(RowKey key, ChangeType type, const std::vector<Value>& before, const std::vector<Value>& after) {
  const ObjectDef& object = org_.schema.object_at(object_of(key));
  if (!org_.has_events(object)) return;
  if (type == ChangeType::update && !shows(object, before, after)) return;
  LoggedEvent event;
  event.type = type;
  event.object = object.index;
  const std::size_t fields = write_cells(object, before, after, org_.settings.diff_large_text, event);
  weight_ += type == ChangeType::update ? fields : 1;
  if (weight_ > static_cast<std::size_t>(org_.settings.overflow_limit)) {
    overflown_.try_emplace(object.index, events_.size());
    return;
  }
  event.slots.push_back(slot_of(key));
  if (type == ChangeType::update || type == ChangeType::remove) {
    event.enriched = pack_fields(object, org_.channels.enriched(object.index), after);
  }
  event.not_on = org_.channels.filtered_out(object.index, after);
  if (event.cells.size() + event.enriched.size() > kEventBytesMax) make_gap(event);
  if (org_.settings.merge_equal_changes && merge(event)) return;
  LoggedEvent made = make(object, event.type);
  made.slots = std::move(event.slots);
  made.cells = std::move(event.cells);
  made.enriched = std::move(event.enriched);
  made.diffs = std::move(event.diffs);
  made.not_on = std::move(event.not_on);
  events_.push_back(std::move(made));
}

bool EventBuilder::merge(const LoggedEvent& event) {
  const auto equal = std::ranges::find_if(events_, [&event](const LoggedEvent& other) {
    return other.object == event.object && other.type == event.type && other.cells == event.cells &&
           other.enriched == event.enriched && other.not_on == event.not_on && other.payload.empty();
  });
  if (equal == events_.end()) return false;
  equal->slots.push_back(event.slots.front());
  return true;
}

void EventBuilder::add_platform_event(const ObjectDef& object, const std::vector<Value>& values) {
  LoggedEvent event = make(object, ChangeType::create);
  event.payload = encode_platform_event(object, *event.schema, values);
  if (const auto* uuid = std::get_if<std::string>(&values[object.field("EventUuid")->index])) event.given_id = *uuid;
  events_.push_back(std::move(event));
}

void EventBuilder::publish() {
  for (const auto& [object, at] : overflown_) {
    events_.push_back(make(org_.schema.object_at(object), ChangeType::gap_overflow));
  }
  std::int32_t sequence = 0;
  for (LoggedEvent& event : events_) {
    const bool is_gap = event.type > ChangeType::undelete;
    event.sequence_number = is_gap || !event.payload.empty() ? 1 : ++sequence;
    org_.publish(std::move(event));
  }
}

LoggedEvent EventBuilder::make(const ObjectDef& object, ChangeType type) {
  LoggedEvent event;
  event.transaction = transaction_;
  event.schema = org_.current_schema(object);
  event.object = object.index;
  event.selected = object.cdc_selected;
  event.type = type;
  event.uuid_high = org_.random.next();
  event.uuid_low = org_.random.next();
  return event;
}

}  // namespace orgsim
