#include <algorithm>
#include <set>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "codec/change_event_value.h"
#include "codec/soql.h"
#include "salesforce/rest_org.h"

namespace duet::salesforce {
namespace {

using codec::soql_datetime;
using codec::soql_text;
using codec::url_encode;

/// Address and headers together may have 16,384 bytes (spec/salesforce-api.md §2.0); a token may take 2,000.
constexpr std::size_t kMaxQueryBytes = 12'000;
/// Room in a query for the keys of one IN list.
constexpr std::size_t kMaxKeyBytes = 6'000;
constexpr std::size_t kMaxIds = 2'000;
constexpr std::size_t kMaxKeys = 200;
constexpr int kMaxPages = 40;
constexpr TimeMs kMinuteMs = 60'000;

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) {
    if (!result.empty()) result += ',';
    result += text;
  }
  return result;
}

/// Ids that are ids; anything else never goes into a query.
Result<std::vector<std::string>> checked_ids(std::span<const std::string> sfids) {
  std::vector<std::string> ids;
  for (const std::string& sfid : sfids) {
    ids.push_back(codec::record_id_18(sfid));
    if (ids.back().empty()) return fail(ErrorKind::bad_data, "A record id is no Salesforce id", "MALFORMED_ID");
  }
  return ids;
}

}  // namespace

std::vector<std::string> RestOrg::selection(const Mapping& mapping, Scope scope) const {
  std::vector<std::string> names;
  for (const MappedField& field : mapping.fields) {
    // A list of Ids is read without paths: fill_parent_keys() asks for them.
    if (scope != Scope::by_id || !field.parent) names.push_back(field.schema.name);
  }
  auto add = [&](std::string_view name) {
    if (!mapping.find(name)) names.emplace_back(name);
  };
  add("Id");
  add("SystemModstamp");
  if (scope == Scope::with_deleted && mapping.has_is_deleted) add("IsDeleted");
  if (!without_actor_.contains(mapping.object)) add("LastModifiedById");
  return names;
}

bool RestOrg::learn_no_actor(const Mapping& mapping, const Error& error) {
  if (error.kind != ErrorKind::schema_changed || mapping.find("LastModifiedById")) return false;
  if (error.message.find("LastModifiedById") == std::string::npos) return false;
  return without_actor_.insert(mapping.object).second;
}

Result<std::vector<RecordRead>> RestOrg::query(const Mapping& mapping, const std::string& soql, Scope scope) {
  std::string_view resource = scope == Scope::with_deleted && mapping.has_is_deleted ? "queryAll" : "query";
  std::string path = client_.data_path(resource) + "?q=" + url_encode(soql);
  std::vector<RecordRead> records;
  for (int page_number = 0; page_number < kMaxPages; ++page_number) {
    HttpResponse response = DUET_TRY(client_.get(path));
    codec::QueryPage page = DUET_TRY(reader_.query_page(response.body, mapping));
    std::ranges::move(page.records, std::back_inserter(records));
    if (page.done || page.next_path.empty()) return records;
    path = page.next_path;
  }
  return fail(ErrorKind::bad_data, "A query's answer has more pages than it can have", "PAGES", mapping.object);
}

Result<std::vector<RecordRead>> RestOrg::query_records(const Mapping& mapping, const std::string& tail, Scope scope) {
  std::string soql = DUET_TRY(codec::soql_select(selection(mapping, scope), mapping.object, tail));
  if (url_encode(soql).size() <= kMaxQueryBytes) {
    Result<std::vector<RecordRead>> records = query(mapping, soql, scope);
    if (!records && learn_no_actor(mapping, records.error())) return query_records(mapping, tail, scope);
    return records;
  }

  std::vector<std::string> names = {"Id", "SystemModstamp"};
  if (scope == Scope::with_deleted && mapping.has_is_deleted) names.push_back("IsDeleted");
  std::vector<RecordRead> listed =
      DUET_TRY(query(mapping, DUET_TRY(codec::soql_select(names, mapping.object, tail)), scope));
  std::vector<std::string> live;
  for (const RecordRead& record : listed) {
    if (!record.deleted) live.push_back(record.sfid);
  }
  std::unordered_map<std::string, RecordRead> whole;
  if (!live.empty()) {
    for (RecordRead& record : DUET_TRY(read(mapping, live))) {
      std::string sfid = record.sfid;
      whole.emplace(std::move(sfid), std::move(record));
    }
  }
  // The listed stamp stays: it is what orders the page, and a stamp that is too old only makes the record come again.
  for (RecordRead& record : listed) {
    auto found = whole.find(record.sfid);
    if (found == whole.end()) continue;
    TimeMs stamp = record.stamp;
    record = std::move(found->second);
    record.stamp = stamp;
  }
  return listed;
}

Result<std::vector<RecordRead>> RestOrg::read(const Mapping& mapping, std::span<const std::string> sfids) {
  if (sfids.empty()) return std::vector<RecordRead>();
  if (sfids.size() > kMaxIds) return fail(ErrorKind::bug, "More than 2,000 records asked for at once", "IDS");
  std::vector<std::string> ids = DUET_TRY(checked_ids(sfids));
  nlohmann::json body = {{"ids", ids}, {"fields", selection(mapping, Scope::by_id)}};
  if (!codec::is_api_name(mapping.object))
    return fail(ErrorKind::config, "No Salesforce object can have this name", "NAME");
  RestCall call{
      .method = "POST", .path = client_.data_path("composite/sobjects/" + mapping.object), .body = body.dump()};
  Result<HttpResponse> response = client_.expect(call);
  if (!response) {
    if (learn_no_actor(mapping, response.error())) return read(mapping, sfids);
    Error error = std::move(response).error();
    // It goes by POST and yet changes nothing.
    if (error.kind == ErrorKind::outcome_unknown) error.kind = ErrorKind::network;
    return std::unexpected(std::move(error));
  }
  std::vector<RecordRead> records = DUET_TRY(reader_.retrieved(response->body, mapping, sfids));
  for (const MappedField& field : mapping.fields) {
    if (field.parent) DUET_TRY(fill_parent_keys(field, records));
  }
  if (mapping.can_merge) DUET_TRY(fill_masters(mapping, records));
  return records;
}

Result<void> RestOrg::fill_masters(const Mapping& mapping, std::vector<RecordRead>& records) {
  std::vector<std::string> literals;
  for (const RecordRead& record : records) {
    if (record.deleted) literals.push_back(soql_text(record.sfid));
  }
  Mapping masters;
  masters.object = mapping.object;
  masters.fields.resize(1);
  masters.fields.front().schema.name = "MasterRecordId";
  masters.fields.front().schema.type = FieldType::reference;
  std::unordered_map<std::string, std::string> into;
  for (const std::vector<std::string>& list : codec::split_by_length(literals, kMaxKeyBytes)) {
    const std::string tail = "WHERE Id IN (" + joined(list) + ") AND MasterRecordId != null LIMIT 2000";
    for (const RecordRead& merged : DUET_TRY(query_records(masters, tail, Scope::with_deleted))) {
      const auto* id = std::get_if<std::string>(&value_of(merged.fields, "MasterRecordId"));
      if (id) into.emplace(merged.sfid, *id);
    }
  }
  for (RecordRead& record : records) {
    const auto found = into.find(record.sfid);
    if (record.deleted) record.merged_into = found == into.end() ? std::string() : found->second;
  }
  return {};
}

Result<void> RestOrg::fill_parent_keys(const MappedField& field, std::vector<RecordRead>& records) {
  const ParentKey& parent = *field.parent;
  const auto parent_of = [&](const RecordRead& record) {
    const auto* id = std::get_if<std::string>(&value_of(record.fields, parent.reference));
    return id ? *id : std::string();
  };
  std::set<std::string> wanted;
  for (const RecordRead& record : records) {
    if (std::string id = parent_of(record); !id.empty()) wanted.insert(std::move(id));
  }
  std::unordered_map<std::string, Value> keys;
  if (!wanted.empty()) {
    Mapping keyed;
    keyed.object = parent.object;
    keyed.fields.push_back({field.schema, {}, {}, {}});
    keyed.fields.front().schema.name = parent.key_field;
    const std::vector<std::string> ids(wanted.begin(), wanted.end());
    for (RecordRead& found : DUET_TRY(read(keyed, ids)))
      keys.emplace(found.sfid, found.deleted ? Value(Null{}) : value_of(found.fields, parent.key_field));
  }
  for (RecordRead& record : records) {
    if (record.deleted) continue;
    const std::string id = parent_of(record);
    const auto key = keys.find(id);
    if (id.empty()) record.fields.insert_or_assign(field.schema.name, Value(Null{}));
    // A parent that the user may not see: its key stays unspoken of.
    if (key != keys.end() && !is_absent(key->second)) record.fields.insert_or_assign(field.schema.name, key->second);
  }
  return {};
}

Result<std::vector<RecordRead>> RestOrg::read_by_key(const Mapping& mapping, std::span<const std::string> keys) {
  const MappedField* field = mapping.find(mapping.upsert_field);
  if (!field) return fail(ErrorKind::bug, "The mapping has no key to read by", "KEY", mapping.object);
  if (keys.size() > kMaxKeys) return fail(ErrorKind::bug, "More than 200 keys asked for at once", "KEYS");
  std::vector<std::string> literals;
  for (const std::string& key : keys) {
    // A key that the field cannot hold is nobody's key.
    if (Result<std::string> literal = codec::soql_key(key, field->schema.type)) literals.push_back(std::move(*literal));
  }
  std::vector<RecordRead> records;
  for (const auto& list : codec::split_by_length(literals, kMaxKeyBytes)) {
    std::string tail = "WHERE " + field->schema.name + " IN (" + joined(list) + ") LIMIT 2000";
    std::ranges::move(DUET_TRY(query_records(mapping, tail, Scope::live)), std::back_inserter(records));
  }
  return records;
}

Result<std::vector<RecordRead>> RestOrg::read_by_match(const Mapping& mapping, std::span<const FieldValues> wanted) {
  if (wanted.size() > ports::kMatchSize)
    return fail(ErrorKind::bug, "More than 100 sets of values asked for at once", "KEYS");
  std::vector<std::string> clauses;
  for (const FieldValues& values : wanted) {
    std::string clause;
    for (const auto& [name, value] : values) {
      const MappedField* field = mapping.find(name);
      if (!field) return fail(ErrorKind::bug, "A match field is not mapped", "MATCH", name);
      clause += (clause.empty() ? "(" : " AND ") + field->schema.name + " = " +
                DUET_TRY(codec::soql_value(value, field->schema.type));
    }
    if (!clause.empty()) clauses.push_back(clause + ")");
  }
  std::vector<RecordRead> records;
  for (const auto& list : codec::split_by_length(clauses, kMaxKeyBytes)) {
    std::string any;
    for (const std::string& clause : list) any += (any.empty() ? "" : " OR ") + clause;
    const std::string tail = "WHERE " + any + " LIMIT 2000";
    std::ranges::move(DUET_TRY(query_records(mapping, tail, Scope::live)), std::back_inserter(records));
  }
  return records;
}

Result<ports::ReadPage> RestOrg::changed(const Mapping& mapping, TimeMs from, TimeMs to, const std::string& after_id) {
  std::string since = "SystemModstamp >= " + soql_datetime(from);
  if (!after_id.empty()) {
    std::string id = codec::record_id_18(after_id);
    if (id.empty()) return fail(ErrorKind::bug, "The last record of a poll page has no id", "MALFORMED_ID");
    since = "(SystemModstamp > " + soql_datetime(from) + " OR (SystemModstamp = " + soql_datetime(from) + " AND Id > " +
            soql_text(id) + "))";
  }
  std::string tail = "WHERE " + since + " AND SystemModstamp < " + soql_datetime(to) +
                     " ORDER BY SystemModstamp ASC, Id ASC LIMIT 2000";
  ports::ReadPage page;
  page.records = DUET_TRY(query_records(mapping, tail, Scope::with_deleted));
  page.done = page.records.size() < kMaxIds;
  return page;
}

Result<ports::DeletedPage> RestOrg::deleted(const Mapping& mapping, TimeMs from, TimeMs to) {
  if (!codec::is_api_name(mapping.object))
    return fail(ErrorKind::config, "No Salesforce object can have this name", "NAME");
  // The call knows whole minutes only, and wants at least one.
  TimeMs start = from - from % kMinuteMs;
  TimeMs end = std::max(to + (kMinuteMs - to % kMinuteMs) % kMinuteMs, start + kMinuteMs);
  std::string path =
      client_.data_path("sobjects/" + mapping.object + "/deleted/?start=" + url_encode(soql_datetime(start)) +
                        "&end=" + url_encode(soql_datetime(end)));
  HttpResponse response = DUET_TRY(client_.get(path));
  nlohmann::json answer = nlohmann::json::parse(response.body, nullptr, false);
  auto bad = [&] {
    return fail(ErrorKind::bad_data, "Salesforce's list of deleted records cannot be read", "JSON", mapping.object);
  };
  if (!answer.is_object() || !answer["deletedRecords"].is_array() || !answer["latestDateCovered"].is_string())
    return bad();
  ports::DeletedPage page;
  page.covered_until = DUET_TRY(parse_timestamp(answer["latestDateCovered"].get<std::string>()));
  for (const nlohmann::json& record : answer["deletedRecords"]) {
    if (!record.is_object() || !record.contains("id") || !record["id"].is_string()) return bad();
    if (!record.contains("deletedDate") || !record["deletedDate"].is_string()) return bad();
    std::string id = codec::record_id_18(record["id"].get<std::string>());
    if (id.empty()) return bad();
    page.records.push_back({std::move(id), DUET_TRY(parse_timestamp(record["deletedDate"].get<std::string>()))});
  }
  return page;
}

Result<long> RestOrg::count(const Mapping& mapping) {
  if (!codec::is_api_name(mapping.object))
    return fail(ErrorKind::config, "No Salesforce object can have this name", "NAME");
  HttpResponse response =
      DUET_TRY(client_.get(client_.data_path("query?q=") + url_encode("SELECT COUNT() FROM " + mapping.object)));
  nlohmann::json answer = nlohmann::json::parse(response.body, nullptr, false);
  if (!answer.is_object() || !answer.contains("totalSize") || !answer["totalSize"].is_number_integer()) {
    return fail(ErrorKind::bad_data, "Salesforce's count cannot be read", "JSON", mapping.object);
  }
  return answer["totalSize"].get<long>();
}

}  // namespace duet::salesforce
