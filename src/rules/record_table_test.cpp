#include "rules/record_table_test.h"

#include "rules/canonical.h"
#include "rules/claim.h"
#include "rules/event.h"
#include "rules/outcome.h"

namespace duet::rules::testing {
namespace {

MappedField field(const std::string& name, FieldType type, bool writable) {
  MappedField mapped;
  mapped.schema.name = name;
  mapped.schema.type = type;
  mapped.schema.length = 36;
  mapped.schema.createable = writable;
  mapped.schema.updateable = writable;
  mapped.column = to_lower(name);
  return mapped;
}

}  // namespace

Mapping thing_mapping(ConflictPolicy policy) {
  Mapping mapping;
  mapping.object = "Thing__c";
  mapping.table = "thing__c";
  mapping.access = Access::read_write;
  mapping.upsert_field = "Ext__c";
  mapping.conflict = policy;
  mapping.delete_conflict = policy;
  mapping.fields = {field("Id", FieldType::id, false),        field("SystemModstamp", FieldType::datetime, false),
                    field("Ext__c", FieldType::string, true), field("A__c", FieldType::string, true),
                    field("B__c", FieldType::string, true),   field("N__c", FieldType::double_number, true)};
  return mapping;
}

Table::Table(ConflictPolicy policy) : mapping(thing_mapping(policy)), context{mapping, {}, 0, 0, 0, 0, 0, 0, 0, 0, 3} {
  context.our_user = kUs;
  context.now = now;
  context.database_now = now;
  context.request_limit_ms = 600'000;
  context.tombstone_ms = 3'600'000;
  context.duplicate_wait_ms = 2'000;
  context.retry_ms = 1'000;
}

Turn Table::turn() { return {record, change, context}; }

void Table::load(const std::string& a, const std::string& b, TimeMs stamp) {
  Row row;
  row.id = 7;
  row.sfid = kSfid;
  row.values = {{"A__c", a}, {"B__c", b}, {"Ext__c", std::string("k")}, {"SystemModstamp", DateTime{stamp}}};
  row.last_op = "SYNCED";
  record.row = row;
}

void Table::app(const std::string& name, const Value& value) {
  CapturedChange captured{next_log_++, LogAction::update,   record.row->id, record.row->sfid, record.row->values,
                          {name},      context.database_now};
  record.row->values[name] = value;
  record.row->last_op = "PENDING";
  record.captured.push_back(std::move(captured));
}

void Table::app_removes() {
  record.captured.push_back(
      {next_log_++, LogAction::remove, record.row->id, record.row->sfid, record.row->values, {}, context.database_now});
  record.row.reset();
}

bool Table::claim(const std::string& token) { return rules::claim(turn(), {token, "minted-key"}) != nullptr; }

void Table::send(const std::string& field, const Value& value, const std::string& token) {
  app(field, value);
  claim(token);
  on_accepted(turn(), token, {});
}

ChangeEvent Table::event(const FieldValues& fields, TimeMs stamp, const std::string& token) {
  ChangeEvent event;
  event.object = mapping.object;
  event.kind = EventKind::update;
  event.record_ids = {kSfid};
  event.stamp = stamp;
  event.committed_at = stamp;
  event.commit_user = token.empty() ? kPerson : kUs;
  event.client_token = token;
  event.fields = fields;
  return event;
}

void Table::receive(const ChangeEvent& event, bool follows) { on_event(turn(), event, kSfid, {follows}); }

std::string Table::row(const std::string& name) const {
  if (!record.row) return "(no row)";
  const auto* text = std::get_if<std::string>(&value_of(record.row->values, name));
  return text ? *text : std::string("(null)");
}

std::vector<std::string> Table::lost() const {
  std::vector<std::string> values;
  for (const JournalEntry& entry : change.journal) {
    if (const auto* text = std::get_if<std::string>(&entry.lost)) values.push_back(*text);
  }
  return values;
}

std::string Table::held() const {
  std::string told;
  for (const Issue& issue : change.issues) {
    if (issue.state != "open") continue;
    told.clear();
    for (const IssueField& field : issue.fields)
      told += (told.empty() ? "" : " ") + field.name.substr(0, 1) + "=" + key_text(field.base) + "/" +
              key_text(field.salesforce) + "/" + key_text(field.postgres);
  }
  return told;
}

RecordRead read_of(const std::string& a, const std::string& b, TimeMs stamp) {
  RecordRead read;
  read.sfid = kSfid;
  read.stamp = stamp;
  read.fields = {{"A__c", a}, {"B__c", b}, {"Ext__c", std::string("k")}};
  return read;
}

std::string text(const Value& value) { return std::get<std::string>(value); }

}  // namespace duet::rules::testing
