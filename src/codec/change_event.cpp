#include "codec/change_event.h"

#include <algorithm>
#include <array>
#include <set>

#include "codec/change_bitmap.h"
#include "codec/change_event_value.h"

namespace duet::codec {
namespace {

constexpr std::string_view kSuffix = "ChangeEvent";

struct KindName {
  std::string_view name;
  EventKind kind;
};

/// SNAPSHOT says that the record is there and no more is documented of it: the record is read.
constexpr auto kKinds = std::to_array<KindName>({
    {"CREATE", EventKind::create},
    {"UPDATE", EventKind::update},
    {"DELETE", EventKind::remove},
    {"UNDELETE", EventKind::undelete},
    {"GAP_CREATE", EventKind::gap},
    {"GAP_UPDATE", EventKind::gap},
    {"GAP_DELETE", EventKind::gap},
    {"GAP_UNDELETE", EventKind::gap},
    {"GAP_OVERFLOW", EventKind::gap_overflow},
    {"SNAPSHOT", EventKind::gap},
});

/// `AccountChangeEvent` → `Account`, `Foo__ChangeEvent` → `Foo__c`.
std::string object_of(std::string_view event_name) {
  if (!event_name.ends_with(kSuffix)) return {};
  std::string object(event_name.substr(0, event_name.size() - kSuffix.size()));
  if (object.ends_with("__")) object += 'c';
  return object;
}

/// The record among a field's types, or null.
const AvroType* record_branch(const AvroType& type) {
  if (type.kind == AvroKind::record) return &type;
  for (const AvroType* branch : type.branches) {
    if (branch->kind == AvroKind::record) return branch;
  }
  return nullptr;
}

bool has_plain_branch(const AvroType& type) {
  if (type.kind != AvroKind::union_of) return type.kind != AvroKind::record && type.kind != AvroKind::null;
  return std::ranges::any_of(type.branches, [](const AvroType* branch) {
    return branch->kind != AvroKind::record && branch->kind != AvroKind::null;
  });
}

std::string_view client_of(std::string_view origin) {
  constexpr std::string_view kClient = ";client=";
  auto at = origin.find(kClient);
  if (at == std::string_view::npos) return {};
  origin.remove_prefix(at + kClient.size());
  return origin.substr(0, origin.find(';'));
}

const AvroValue& at(const AvroValue& record, int index) { return record.items()[static_cast<std::size_t>(index)]; }

Result<std::vector<FieldPositions>> bitmap(const AvroValue& header, int index) {
  if (index < 0) return std::vector<FieldPositions>();
  std::vector<std::string_view> elements;
  for (const AvroValue& element : at(header, index).items()) elements.push_back(element.text());
  return decode_change_bitmap(elements);
}

/// The describe's field for one part of a compound field: BillingAddress.City → BillingCity, Loc__c.Latitude →
/// Loc__Latitude__s, Name.FirstName → FirstName.
const FieldSchema* find_part(const ObjectSchema& schema, const std::string& parent, const std::string& part) {
  std::array<std::string, 3> names = {part, {}, {}};
  if (parent.ends_with("__c")) {
    names[1] = parent.substr(0, parent.size() - 1) + part + "__s";
  } else if (parent.ends_with("Address")) {
    names[1] = parent.substr(0, parent.size() - std::string_view("Address").size()) + part;
  } else if (parent != "Name") {
    names[2] = parent + part;
  }
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (name->empty()) continue;
    const FieldSchema* field = schema.find(*name);
    if (field && (field->compound_field.empty() || equals_ignoring_case(field->compound_field, parent))) return field;
  }
  return nullptr;
}

/// A person's name as Salesforce joins it: first, middle, last, suffix.
Value joined_name(const AvroValue& name) {
  std::string joined;
  for (std::string_view part : {"FirstName", "MiddleName", "LastName", "Suffix"}) {
    int index = name.type->index_of(part);
    if (index < 0 || at(name, index).text().empty()) continue;
    if (!joined.empty()) joined += ' ';
    joined += at(name, index).text();
  }
  return text_value(joined);
}

}  // namespace

ChangeEventDecoder::ChangeEventDecoder(AvroSchema schema, const AvroType& header) : schema_(std::move(schema)) {
  object_ = object_of(schema_.root().name);
  header_ = {.entity = header.index_of("entityName"),
             .record_ids = header.index_of("recordIds"),
             .change_type = header.index_of("changeType"),
             .change_origin = header.index_of("changeOrigin"),
             .transaction_key = header.index_of("transactionKey"),
             .sequence = header.index_of("sequenceNumber"),
             .committed_at = header.index_of("commitTimestamp"),
             .commit_number = header.index_of("commitNumber"),
             .commit_user = header.index_of("commitUser"),
             .nulled = header.index_of("nulledFields"),
             .diff = header.index_of("diffFields"),
             .changed = header.index_of("changedFields")};
  last_modified_ = schema_.root().index_of("LastModifiedDate");
}

Result<ChangeEventDecoder> ChangeEventDecoder::create(std::string_view schema_json) {
  AvroSchema schema = DUET_TRY(AvroSchema::parse(schema_json));
  const AvroType& root = schema.root();
  const AvroType* header = nullptr;
  if (root.kind == AvroKind::record && !root.fields.empty() && root.fields[0].name == "ChangeEventHeader") {
    header = record_branch(*root.fields[0].type);
  }
  if (!header || object_of(root.name).empty()) {
    return fail(ErrorKind::bad_data, "The schema is no change event's", "AVRO_SCHEMA", root.name.substr(0, 100));
  }
  ChangeEventDecoder decoder(std::move(schema), *header);
  if (decoder.header_.record_ids < 0 || decoder.header_.change_type < 0 || decoder.header_.changed < 0) {
    return fail(ErrorKind::bad_data, "The schema's header lacks what every change event has", "AVRO_SCHEMA");
  }
  return decoder;
}

void ChangeEventDecoder::select(const ObjectSchema* schema) {
  plan_.clear();
  has_is_deleted_ = schema && schema->find("IsDeleted");
  if (!schema) return;
  for (const AvroField& field : schema_.root().fields) plan_.push_back(plan_field(field, *schema));
}

ChangeEventDecoder::FieldPlan ChangeEventDecoder::plan_field(const AvroField& field, const ObjectSchema& schema) const {
  FieldPlan plan;
  const AvroType* record = record_branch(*field.type);
  const FieldSchema* whole = schema.find(field.name);
  if (whole && has_plain_branch(*field.type)) plan.whole = Target{whole->name, whole->type};
  if (!record || field.name == "ChangeEventHeader") return plan;
  if (whole && is_text(whole->type) && record->index_of("LastName") >= 0)
    plan.composed = Target{whole->name, whole->type};
  bool any = false;
  plan.parts.resize(record->fields.size());
  for (std::size_t i = 0; i < plan.parts.size(); ++i) {
    if (const FieldSchema* part = find_part(schema, field.name, record->fields[i].name)) {
      plan.parts[i] = Target{part->name, part->type};
      any = true;
    }
  }
  if (!any) plan.parts.clear();
  return plan;
}

Result<void> ChangeEventDecoder::read_header(const AvroValue& header, ChangeEvent& event) const {
  auto text = [&](int index) { return index < 0 ? std::string() : std::string(at(header, index).text()); };
  auto number = [&](int index) { return index < 0 ? 0 : at(header, index).integer(); };
  const AvroValue& type = at(header, header_.change_type);
  std::string_view type_name = type.text();
  if (type.type->kind == AvroKind::enumeration)
    type_name = type.type->symbols[static_cast<std::size_t>(type.integer())];
  auto kind = std::ranges::find(kKinds, type_name, &KindName::name);
  // A kind of change that is not known yet is a change all the same: the record is read.
  event.kind = kind == kKinds.end() ? EventKind::gap : kind->kind;
  if (std::string entity = text(header_.entity); !entity.empty() && entity != event.object) {
    return fail(ErrorKind::bad_data, "The event's object is not its schema's", "AVRO");
  }
  event.transaction_key = text(header_.transaction_key);
  event.commit_user = text(header_.commit_user);
  if (std::string user = record_id_18(event.commit_user); !user.empty()) event.commit_user = user;
  if (header_.change_origin >= 0) event.client_token = client_of(at(header, header_.change_origin).text());
  event.sequence = static_cast<int>(number(header_.sequence));
  event.committed_at = number(header_.committed_at);
  event.commit_number = number(header_.commit_number);
  for (const AvroValue& id : at(header, header_.record_ids).items()) {
    std::string whole_id = record_id_18(id.text());
    if (whole_id.empty()) {
      event.wildcard = true;
    } else {
      event.record_ids.push_back(std::move(whole_id));
    }
  }
  if (event.record_ids.empty() || event.kind == EventKind::gap_overflow) event.wildcard = true;
  return {};
}

void ChangeEventDecoder::put_part(std::size_t index, std::size_t part, const AvroValue& compound,
                                  ChangeEvent& event) const {
  const FieldPlan& plan = plan_[index];
  if (part >= plan.parts.size() || !plan.parts[part]) return;
  const Target& target = *plan.parts[part];
  if (compound.items().empty()) {
    event.fields[target.name] = Null{};
  } else if (auto value = value_from_avro(compound.items()[part], target.type)) {
    event.fields[target.name] = std::move(*value);
  } else {
    event.unreadable_fields.push_back(target.name);
  }
}

void ChangeEventDecoder::put_field(std::size_t index, const AvroValue& value, ChangeEvent& event) const {
  const FieldPlan& plan = plan_[index];
  bool is_record = !value.items().empty();
  if (plan.whole && !is_record) {
    if (auto converted = value_from_avro(value, plan.whole->type)) {
      event.fields[plan.whole->name] = std::move(*converted);
    } else {
      event.unreadable_fields.push_back(plan.whole->name);
    }
  }
  if (plan.composed && is_record) event.fields[plan.composed->name] = joined_name(value);
  if (plan.composed && value.is_null() && !plan.whole) event.fields[plan.composed->name] = Null{};
  for (std::size_t part = 0; part < plan.parts.size(); ++part) put_part(index, part, value, event);
}

void ChangeEventDecoder::put_updated_name(std::size_t index, const AvroValue& name,
                                          const std::set<std::string, std::less<>>& changed, ChangeEvent& event) const {
  const AvroType* record = record_branch(*schema_.root().fields[index].type);
  std::size_t joined = 0;
  std::size_t joined_changed = 0;
  for (const AvroField& part : record->fields) {
    if (part.name == "Salutation") continue;
    ++joined;
    if (changed.contains(part.name)) ++joined_changed;
  }
  if (joined_changed == 0) return;
  // The joined name needs all its parts, and an update brings only those that changed.
  const std::string& field = plan_[index].composed->name;
  if (joined_changed < joined || name.items().empty()) {
    event.unreadable_fields.push_back(field);
  } else {
    event.fields[field] = joined_name(name);
  }
}

void ChangeEventDecoder::read_all_fields(const AvroValue& root, ChangeEvent& event) const {
  for (std::size_t i = 1; i < plan_.size(); ++i) {
    if (plan_[i].wanted()) put_field(i, root.items()[i], event);
  }
}

Result<void> ChangeEventDecoder::read_changed_fields(const AvroValue& root, const AvroValue& header,
                                                     ChangeEvent& event) const {
  const std::vector<AvroValue>& values = root.items();
  std::vector<FieldPositions> changed = DUET_TRY(bitmap(header, header_.changed));
  std::vector<FieldPositions> nulled = DUET_TRY(bitmap(header, header_.nulled));
  std::vector<FieldPositions> diffs = DUET_TRY(bitmap(header, header_.diff));
  changed.insert(changed.end(), nulled.begin(), nulled.end());
  std::set<std::string, std::less<>> name_parts;
  std::size_t name_index = 0;
  auto out_of_range = [&] {
    return fail(ErrorKind::bad_data, "The event's list of changed fields does not fit its schema", "BITMAP");
  };

  for (const FieldPositions& element : changed) {
    if (element.parent < 0) {
      for (int position : element.positions) {
        if (static_cast<std::size_t>(position) >= values.size()) return out_of_range();
        if (static_cast<std::size_t>(position) < plan_.size())
          put_field(static_cast<std::size_t>(position), values[position], event);
      }
      continue;
    }
    auto parent = static_cast<std::size_t>(element.parent);
    if (parent >= values.size()) return out_of_range();
    const AvroType* record = record_branch(*schema_.root().fields[parent].type);
    if (!record ||
        (!element.positions.empty() && static_cast<std::size_t>(element.positions.back()) >= record->fields.size())) {
      return out_of_range();
    }
    if (parent >= plan_.size()) continue;
    for (int part : element.positions) {
      put_part(parent, static_cast<std::size_t>(part), values[parent], event);
      if (plan_[parent].composed) name_parts.insert(record->fields[static_cast<std::size_t>(part)].name);
    }
    if (plan_[parent].composed) name_index = parent;
  }
  if (!name_parts.empty()) put_updated_name(name_index, values[name_index], name_parts, event);

  for (const FieldPositions& element : diffs) {
    for (int position : element.positions) {
      auto index = static_cast<std::size_t>(element.parent < 0 ? position : element.parent);
      if (index >= values.size()) return out_of_range();
      if (index >= plan_.size()) continue;
      const FieldPlan& plan = plan_[index];
      std::optional<Target> target = plan.whole;
      if (element.parent >= 0)
        target = static_cast<std::size_t>(position) < plan.parts.size() ? plan.parts[position] : std::nullopt;
      if (!target) continue;
      event.fields.erase(target->name);
      event.unreadable_fields.push_back(target->name);
    }
  }
  std::ranges::sort(event.unreadable_fields);
  auto repeated = std::ranges::unique(event.unreadable_fields);
  event.unreadable_fields.erase(repeated.begin(), repeated.end());
  return {};
}

ChangeEvent ChangeEventDecoder::decode(std::string_view payload, std::string position, std::string event_id) const {
  ChangeEvent event;
  event.position = std::move(position);
  event.event_id = std::move(event_id);
  event.object = object_;

  Result<AvroValue> root = decode_avro(schema_.root(), payload);
  const AvroValue* header = root && !root->items().empty() ? &root->items()[0] : nullptr;
  if (!header || header->items().empty() || !read_header(*header, event)) {
    event.kind = EventKind::gap_overflow;
    event.wildcard = true;
    event.record_ids.clear();
    return event;
  }
  if (last_modified_ >= 0) event.stamp = at(*root, last_modified_).integer();
  if (event.stamp == 0) event.stamp = event.committed_at - event.committed_at % kMsPerSecond;
  if (event.kind == EventKind::create || event.kind == EventKind::undelete) {
    read_all_fields(*root, event);
    if (has_is_deleted_) event.fields["IsDeleted"] = false;
  } else if (event.kind == EventKind::update && !read_changed_fields(*root, *header, event)) {
    event.kind = EventKind::gap;
    event.fields.clear();
    event.unreadable_fields.clear();
  }
  return event;
}

}  // namespace duet::codec
