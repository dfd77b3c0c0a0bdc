#include "org_adapter_impl.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "orgsim/core/org.h"
#include "rules/canonical.h"
#include "rules/match.h"

namespace duet::simulation {
namespace {

constexpr const char* kObject = "Thing__c";

orgsim::Value to_org(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::monostate{};
}

orgsim::RecordInput to_input(const FieldValues& fields) {
  orgsim::RecordInput input;
  for (const auto& [name, value] : fields) input.set(name, to_org(value));
  return input;
}

Error to_error(const orgsim::Error& error) {
  Error out{ErrorKind::rejected, error.code, error.message, {}, nullptr, std::nullopt};
  if (error.code == orgsim::codes::kEntityIsDeleted) out.kind = ErrorKind::deleted;
  if (error.code == orgsim::codes::kNotFound || error.code == orgsim::codes::kPreconditionFailed)
    out.kind = ErrorKind::not_found;
  if (error.code == orgsim::codes::kDuplicateValue) out.kind = ErrorKind::duplicate;
  if (error.code == orgsim::codes::kUnableToLockRow) out.kind = ErrorKind::row_locked;
  return out;
}

MappedField mapped(std::string name, FieldType type, bool writable) {
  MappedField field;
  field.schema.name = name;
  field.schema.type = type;
  field.schema.length = 80;
  field.schema.createable = writable;
  field.schema.updateable = writable;
  field.column = to_lower(name);
  return field;
}

}  // namespace

bool is_plain(const MappedField& field) {
  return field.schema.type != FieldType::id && field.schema.type != FieldType::datetime;
}

Value from_org(const orgsim::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return Null{};
}

TimeMs stamp_of(const orgsim::Record& record, std::string_view field) {
  const auto* ms = std::get_if<std::int64_t>(&record.get(field));
  return ms ? *ms : 0;
}

OrgAdapter::OrgAdapter(std::uint64_t seed, SimClock& clock, SimRandom& random)
    : clock_(clock), random_(random), impl_(std::make_unique<Impl>(seed, clock.now())) {
  auto made = impl_->org.apply_objects(
      nlohmann::json::parse(R"({"name":"Thing__c","cdc":true,"nameField":{"type":"autonumber"},"fields":[
      {"name":"Ext__c","type":"string","length":36,"externalId":true,"unique":true},
      {"name":"A__c","type":"string","length":80},{"name":"B__c","type":"string","length":80},{"name":"C__c","type":"string","length":80},
      {"name":"N__c","type":"double","precision":18,"scale":0},{"name":"M__c","type":"multipicklist"},
      {"name":"T__c","type":"textarea","length":1000}]})"));
  if (!made) throw std::runtime_error(made.error().message);

  mapping_.id = 1;
  mapping_.object = kObject;
  mapping_.table = "thing__c";
  mapping_.access = Access::read_write;
  mapping_.upsert_field = "Ext__c";
  mapping_.polling_seconds = 5;
  mapping_.fields = {mapped("Id", FieldType::id, false),        mapped("SystemModstamp", FieldType::datetime, false),
                     mapped("Ext__c", FieldType::string, true), mapped("A__c", FieldType::string, true),
                     mapped("B__c", FieldType::string, true),   mapped("C__c", FieldType::string, true)};
  mapping_.fields[2].schema.external_id = true;

  impl_->org.set_event_fate([this](const orgsim::ChangeEvent& event) {
    auto untell = [&] {
      for (const orgsim::EventField& field : event.fields) {
        if (const auto* text = std::get_if<std::string>(&field.value)) untold_.insert(*text);
      }
      return true;
    };
    if (random_.chance(faults.event_missing) && untell()) return orgsim::EventFate::drop;
    if (random_.chance(faults.event_gap) && untell()) return orgsim::EventFate::gap;
    return random_.chance(faults.event_duplicate) ? orgsim::EventFate::duplicate : orgsim::EventFate::deliver;
  });
  impl_->org.add_rule([this](orgsim::RuleRecord& record) -> std::optional<orgsim::Error> {
    if (record.operation() != orgsim::Operation::insert && record.operation() != orgsim::Operation::update)
      return std::nullopt;
    if (const auto now = std::exchange(next_save, std::nullopt)) {
      if (!now->refuses.empty()) return orgsim::make_error(now->refuses, "refused by a rule of the org");
      for (const auto& [name, value] : now->sets) record.set(name, to_org(value));
      return std::nullopt;
    }
    constexpr std::array kFields{"A__c", "B__c", "C__c"};
    for (const char* field : kFields) {
      if (record.before(field) == record.after(field)) continue;
      if (random_.chance(faults.automation_changes)) {
        const char* set = kFields[random_.below(kFields.size())];
        // What the writer did not send is replaced by a rule that saw it.
        const auto before = record.before(set);
        if (const auto* text = std::get_if<std::string>(&before); text && before == record.after(set))
          seen_by_automation_.insert(*text);
        record.set(set, new_value());
      } else if (record.operation() == orgsim::Operation::update && random_.chance(faults.automation_puts_back))
        record.set(field, record.before(field));
    }
    return std::nullopt;
  });
}

OrgAdapter::~OrgAdapter() = default;

namespace {

void note_version(std::vector<OrgVersion>& versions, const std::string& sfid, const FieldValues& sent,
                  const FieldValues& before, const FieldValues& after, bool ours, bool unconditional = true) {
  for (const auto& [name, value] : after) {
    const Value& old = value_of(before, name);
    if (old == value || (is_absent(old) && is_null(value))) continue;
    versions.push_back({sfid, name, value, ours, value_of(sent, name) != value, unconditional});
  }
}

FieldValues fields_of(const Mapping& mapping, const orgsim::Record& record) {
  FieldValues fields;
  for (const MappedField& field : mapping.fields) {
    if (is_plain(field)) fields[field.schema.name] = from_org(record.get(field.schema.name));
  }
  return fields;
}

}  // namespace

std::string OrgAdapter::person_creates(const std::string& key, const FieldValues& values) {
  impl_->org.set_time(clock_.now() + offset_ms_);
  auto transaction = impl_->begin(false, {}, true);
  orgsim::RecordInput input = to_input(values);
  if (!key.empty()) input.set("Ext__c", key);
  const orgsim::SaveResult saved = transaction.insert(kObject, input);
  if (!saved.success) return {};
  transaction.commit();
  note_version(versions_, saved.id, values, {}, fields_of(mapping_, *impl_->org.find(kObject, saved.id)), false);
  return saved.id;
}

bool OrgAdapter::person_updates(const std::string& sfid, const FieldValues& values) {
  impl_->org.set_time(clock_.now() + offset_ms_);
  const auto before = impl_->org.find(kObject, sfid);
  if (!before) return false;
  auto transaction = impl_->begin(false, {}, true);
  if (!transaction.update(kObject, sfid, to_input(values)).success) return false;
  transaction.commit();
  note_version(versions_, sfid, values, fields_of(mapping_, *before),
               fields_of(mapping_, *impl_->org.find(kObject, sfid)), false);
  return true;
}

bool OrgAdapter::person_removes(const std::string& sfid) {
  impl_->org.set_time(clock_.now() + offset_ms_);
  auto transaction = impl_->begin(false, {}, true);
  if (!transaction.remove(kObject, sfid).success) return false;
  transaction.commit();
  return true;
}

void OrgAdapter::map_field(const std::string& name, FieldType type, ConflictPolicy policy) {
  MappedField field = mapped(name, type, true);
  field.schema.length = type == FieldType::textarea ? 1'000 : 80;
  field.conflict = policy;
  mapping_.fields.push_back(std::move(field));
}

bool OrgAdapter::person_undeletes(const std::string& sfid) {
  impl_->org.set_time(clock_.now() + offset_ms_);
  auto transaction = impl_->begin(false, {}, true);
  if (!transaction.undelete(kObject, sfid).success) return false;
  transaction.commit();
  return true;
}

std::size_t OrgAdapter::run_late() {
  std::vector<LateRequest> due;
  std::erase_if(impl_->late, [&](const LateRequest& request) {
    if (request.at > clock_.now()) return false;
    due.push_back(request);
    return true;
  });
  for (const LateRequest& request : due) run(request.batch);
  run_jobs();
  const auto waiting = std::ranges::count_if(
      impl_->jobs, [](const auto& entry) { return entry.second.state == ports::JobState::running; });
  return impl_->late.size() + static_cast<std::size_t>(waiting);
}

std::vector<OrgRecord> OrgAdapter::records() const {
  std::vector<OrgRecord> records;
  auto visited = impl_->org.for_each_record(kObject, [&](const nlohmann::json& json) {
    OrgRecord record;
    record.sfid = json.at("Id").get<std::string>();
    record.deleted = json.at("IsDeleted").get<bool>();
    for (const MappedField& field : mapping_.fields) {
      if (!is_plain(field)) continue;
      const auto& value = json.at(field.schema.name);
      record.fields[field.schema.name] = value.is_null()     ? Value(Null{})
                                         : value.is_number() ? Value(value.get<double>())
                                                             : Value(value.get<std::string>());
    }
    records.push_back(std::move(record));
  });
  if (!visited) throw std::runtime_error(visited.error().message);
  return records;
}

std::vector<ports::SendOutcome> OrgAdapter::run(const ports::SendBatch& batch) {
  impl_->org.set_time(clock_.now() + offset_ms_);
  auto transaction = impl_->begin(true, batch.token, batch.transport == ports::Transport::single_row);
  std::vector<ports::SendOutcome> outcomes;
  std::vector<std::pair<std::string, FieldValues>> before;
  for (const ports::SendRecord& record : batch.records) {
    if (record.if_unmodified_since) ++conditional_writes;
    for (const FieldGroup& group : mapping_.groups) {
      const auto sent =
          std::ranges::count_if(group.fields, [&](const auto& name) { return record.fields.contains(name); });
      if (batch.kind == AttemptKind::update && sent > 0 && sent < std::ssize(group.fields))
        parted_groups_.push_back(record.sfid);
    }
    ports::SendOutcome outcome;
    if (random_.chance(faults.locked)) {
      outcome.verdict = ports::Verdict::rejected;
      outcome.error = Error{ErrorKind::row_locked, "UNABLE_TO_LOCK_ROW", "locked", {}, nullptr, {}};
      outcomes.push_back(std::move(outcome));
      before.emplace_back();
      continue;
    }
    std::string id = record.sfid;
    if (batch.kind == AttemptKind::create) {
      auto found = impl_->org.find_by_field(kObject, "Ext__c", orgsim::Value(record.external_id));
      id = found && !found->empty() ? found->front() : "";
    }
    FieldValues old;
    if (!id.empty()) {
      if (const auto existing = impl_->org.find(kObject, id)) old = fields_of(mapping_, *existing);
    }
    orgsim::SaveResult saved;
    if (batch.kind == AttemptKind::create)
      saved = transaction.upsert(kObject, "Ext__c", orgsim::Value(record.external_id), to_input(record.fields));
    else if (batch.kind == AttemptKind::update)
      saved = transaction.update(kObject, record.sfid, to_input(record.fields), {record.if_unmodified_since});
    else
      saved = transaction.remove(kObject, record.sfid);
    before.emplace_back(saved.success ? saved.id : "", std::move(old));
    if (saved.success) {
      outcome.verdict = ports::Verdict::accepted;
      outcome.sfid = saved.id;
      outcome.created = saved.created;
    } else {
      outcome.error = to_error(saved.errors.front());
      const bool gone = outcome.error->kind == ErrorKind::deleted || outcome.error->kind == ErrorKind::not_found;
      outcome.verdict = gone && batch.kind == AttemptKind::remove ? ports::Verdict::accepted : ports::Verdict::rejected;
    }
    if (tell) {
      std::string told = fmt::format("org runs {} {} {}",
                                     batch.kind == AttemptKind::create   ? "create"
                                     : batch.kind == AttemptKind::update ? "update"
                                                                         : "remove",
                                     saved.id.empty() ? id : saved.id, outcome.error ? outcome.error->code : "ok");
      for (const auto& [name, value] : record.fields)
        told += fmt::format(" {}={}", name, is_null(value) ? "null" : rules::key_text(value));
      tell(told);
    }
    outcomes.push_back(std::move(outcome));
  }
  transaction.commit();
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto& [id, old] = before[i];
    if (id.empty()) continue;
    if (batch.kind == AttemptKind::remove) {
      versions_.push_back({id, {}, Absent{}, true, false, true});
      continue;
    }
    if (const auto now = impl_->org.find(kObject, id))
      note_version(versions_, id, batch.records[i].fields, old, fields_of(mapping_, *now), true,
                   !batch.records[i].if_unmodified_since);
  }
  return outcomes;
}

std::vector<ports::SendOutcome> OrgAdapter::send(const Mapping&, const ports::SendBatch& batch) {
  auto all = [&](ports::Verdict verdict) {
    std::vector<ports::SendOutcome> outcomes(batch.records.size());
    for (ports::SendOutcome& outcome : outcomes) outcome.verdict = verdict;
    return outcomes;
  };
  meanwhile();
  if (random_.chance(faults.not_sent)) return all(ports::Verdict::not_sent);
  if (random_.chance(faults.drop)) return all(ports::Verdict::unknown);
  if (random_.chance(faults.crash)) throw Crash{};
  if (random_.chance(faults.late)) {
    impl_->late.push_back(
        {clock_.now() + static_cast<TimeMs>(random_.below(static_cast<std::uint64_t>(faults.request_limit_ms))),
         batch});
    return all(ports::Verdict::unknown);
  }
  std::vector<ports::SendOutcome> outcomes = run(batch);
  meanwhile();
  if (random_.chance(faults.crash)) throw Crash{};
  if (random_.chance(faults.lost_reply)) return all(ports::Verdict::unknown);
  return outcomes;
}

namespace {

RecordRead to_read(const Mapping& mapping, const orgsim::Record& record) {
  RecordRead read;
  read.sfid = record.id;
  read.deleted = record.deleted;
  read.stamp = stamp_of(record, "SystemModstamp");
  read.fields = fields_of(mapping, record);
  return read;
}

}  // namespace

Result<std::vector<RecordRead>> OrgAdapter::read(const Mapping& mapping, std::span<const std::string> sfids) {
  meanwhile();
  if (random_.chance(faults.read_fails)) return fail(ErrorKind::timeout, "the read timed out");
  std::vector<RecordRead> reads;
  for (const std::string& sfid : sfids) {
    RecordRead read;
    read.sfid = sfid;
    read.deleted = true;
    if (const auto record = impl_->org.find(kObject, sfid)) read = to_read(mapping, *record);
    reads.push_back(std::move(read));
  }
  meanwhile();
  return reads;
}

Result<std::vector<RecordRead>> OrgAdapter::read_by_key(const Mapping& mapping, std::span<const std::string> keys) {
  meanwhile();
  if (random_.chance(faults.read_fails)) return fail(ErrorKind::timeout, "the read timed out");
  std::vector<RecordRead> reads;
  for (const std::string& key : keys) {
    const auto ids = impl_->org.find_by_field(kObject, "Ext__c", orgsim::Value(key));
    if (!ids) continue;
    for (const std::string& id : *ids) {
      if (const auto record = impl_->org.find(kObject, id)) reads.push_back(to_read(mapping, *record));
    }
  }
  meanwhile();
  return reads;
}

Result<std::vector<RecordRead>> OrgAdapter::read_by_match(const Mapping& mapping, std::span<const FieldValues> wanted) {
  meanwhile();
  if (random_.chance(faults.read_fails)) return fail(ErrorKind::timeout, "the read timed out");
  std::vector<RecordRead> reads;
  for (const OrgRecord& record : records()) {
    if (record.deleted) continue;
    const RecordRead read = to_read(mapping, *impl_->org.find(kObject, record.sfid, true));
    if (std::ranges::any_of(wanted,
                            [&](const FieldValues& each) { return rules::same_match(mapping, each, read.fields); }))
      reads.push_back(read);
  }
  meanwhile();
  return reads;
}

Result<ports::ReadPage> OrgAdapter::changed(const Mapping& mapping, TimeMs from, TimeMs to,
                                            const std::string& after_id) {
  meanwhile();
  if (random_.chance(faults.read_fails)) return fail(ErrorKind::timeout, "the read timed out");
  constexpr std::size_t kPage = 3;
  std::vector<RecordRead> reads;
  for (const OrgRecord& record : records()) {
    const RecordRead read = to_read(mapping, *impl_->org.find(kObject, record.sfid, true));
    if (read.stamp < from || read.stamp >= to || (read.stamp == from && !after_id.empty() && read.sfid <= after_id))
      continue;
    reads.push_back(read);
  }
  std::ranges::sort(reads, {}, [](const RecordRead& read) { return std::pair(read.stamp, read.sfid); });
  ports::ReadPage page;
  page.done = reads.size() <= kPage;
  if (!page.done) reads.resize(kPage);
  page.records = std::move(reads);
  meanwhile();
  return page;
}

Result<ports::DeletedPage> OrgAdapter::deleted(const Mapping&, TimeMs from, TimeMs to) {
  ports::DeletedPage page;
  for (const OrgRecord& record : records()) {
    if (!record.deleted) continue;
    const TimeMs at = stamp_of(*impl_->org.find(kObject, record.sfid, true), "SystemModstamp");
    if (at >= from && at < to) page.records.push_back({record.sfid, at});
  }
  page.covered_until = to;
  meanwhile();
  return page;
}

Result<ports::OrgIdentity> OrgAdapter::identity() {
  return ports::OrgIdentity{impl_->org.organization_id(), impl_->org.integration_user_id(), "sim"};
}
Result<std::vector<ports::ObjectSummary>> OrgAdapter::list_objects() { return std::vector<ports::ObjectSummary>{}; }
Result<ObjectSchema> OrgAdapter::describe(const std::string&) { return fail(ErrorKind::not_found, "not simulated"); }
Result<bool> OrgAdapter::has_change_events(const std::string&) { return mapping_.source == InboundSource::events; }
Result<long> OrgAdapter::count(const Mapping&) { return static_cast<long>(impl_->org.record_count(kObject)); }
Result<std::unique_ptr<ports::BulkReader>> OrgAdapter::bulk_query(const Mapping&) {
  return fail(ErrorKind::rejected, "not simulated");
}

}  // namespace duet::simulation
