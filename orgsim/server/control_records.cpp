// /orgsim/records: writes as a person would make them, synthetic rows, and the oracle's read (design §7).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/core/transaction.h"
#include "orgsim/server/control_api.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/record_json_writer.h"
#include "orgsim/server/write_request.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::uint64_t kGenerateMax = 20'000'000;
/// A piece of the oracle's read, made in one turn with the org held.
constexpr std::size_t kPieceBytes = 128 * 1024;

HttpResponse bad_request(std::string_view message) {
  return json_answer(400, {{"error", codes::kJsonParser}, {"message", message}});
}

/// Who writes: "user" is "other" (the default), "integration" or a user id; "client" and "api" go into changeOrigin.
Writer read_writer(const json& body, const Org& org) {
  Writer writer;
  const std::string user = body.value("user", "other");
  writer.user_id = user == "other" ? org.other_user_id() : user == "integration" ? org.integration_user_id() : user;
  writer.client = body.value("client", "");
  // What a person changes in the browser has the origin of the user interface API.
  writer.api = body.value("api", "uiapi");
  writer.transport = writer.client.empty() ? Transport::internal : Transport::rows;
  return writer;
}

struct Work {
  Operation operation;
  BatchRecord record;
};

/// {"records":[…]} inserts, or updates where an Id is given; {"upsert":"Ext__c"} upserts; {"delete":[ids]},
/// {"undelete":[ids]} and {"purge":[ids]} do what they say.
Outcome<std::vector<Work>> read_work(const std::string& object, const json& body) {
  std::vector<Work> out;
  for (const json& record : body.value("records", json::array())) {
    Outcome<RecordInput> input = record_input(record);
    if (!input) return std::unexpected(input.error());
    Operation operation = input->id.empty() ? Operation::insert : Operation::update;
    if (body.contains("upsert")) operation = Operation::upsert;
    out.push_back({operation, {.object = object, .input = *std::move(input)}});
  }
  constexpr std::pair<const char*, Operation> kById[] = {
      {"delete", Operation::remove}, {"undelete", Operation::undelete}, {"purge", Operation::purge}};
  for (const auto& [name, operation] : kById) {
    for (const json& id : body.value(name, json::array())) {
      if (!id.is_string()) return fail(codes::kJsonParser, fmt::format("\"{}\" must be an array of ids", name));
      BatchRecord record{.object = object, .input = {}};
      record.input.id = id.get<std::string>();
      out.push_back({operation, std::move(record)});
    }
  }
  return out;
}

SaveResult run(Transaction& transaction, const Work& work, const std::string& key_field) {
  const auto& [object, input] = work.record;
  switch (work.operation) {
    case Operation::insert:
      return transaction.insert(object, input);
    case Operation::update:
      return transaction.update(object, input.id, input);
    case Operation::upsert:
      return transaction.upsert(object, key_field, Value{}, input);
    case Operation::remove:
      return transaction.remove(object, input.id);
    case Operation::undelete:
      return transaction.undelete(object, input.id);
    case Operation::purge:
      return transaction.purge(object, input.id);
  }
  return {};
}

}  // namespace

HttpResponse ControlApi::records(const HttpRequest& request, const std::string& object) {
  if (request.method == "GET") return read_records(request, object);
  if (request.method != "POST") return json_answer(405, {{"error", "METHOD_NOT_ALLOWED"}, {"message", request.method}});
  const Outcome<json> body = parse_json(request.body);
  if (!body) return bad_request(body.error().message);
  if (!body->is_object()) return bad_request("the body must be an object");
  try {
    if (body->contains("generate")) return generate(object, *body);
    return body->contains("merge") ? merge(object, *body) : write_records(object, *body);
  } catch (const json::exception& wrong_type) {
    return bad_request(wrong_type.what());
  }
}

HttpResponse ControlApi::generate(const std::string& object, const json& body) {
  GenerateOptions options;
  options.count = body["generate"].get<std::uint64_t>();
  options.seed = body.value("seed", options.seed);
  options.events = body.value("events", options.events);
  if (options.count > kGenerateMax) return bad_request(fmt::format("at most {} records at once", kGenerateMax));
  OrgHost::Access org = host_.access();
  const Outcome<GenerateResult> made = org->generate(object, options);
  org.announce();
  if (!made) return json_answer(400, {{"error", made.error().code}, {"message", made.error().message}});
  return json_answer(200, {{"generated", made->count}, {"first_id", made->first_id}, {"last_id", made->last_id}});
}

HttpResponse ControlApi::merge(const std::string& object, const json& body) {
  const json& wanted = body["merge"];
  const auto winner = wanted.at("winner").get<std::string>();
  const auto losers = wanted.at("losers").get<std::vector<std::string>>();
  const Outcome<RecordInput> fields = record_input(wanted.value("fields", json::object()));
  if (!fields) return bad_request(fields.error().message);
  OrgHost::Access org = host_.access();
  Transaction transaction = org->begin(read_writer(body, *org));
  MergeResult merged;
  wait_for_locks(org, [&] {
    merged = transaction.merge(object, winner, losers, *fields);
    return std::vector<SaveResult>{merged.result};
  });
  const bool done = merged.result.success && commit_in_time(org, transaction, std::chrono::steady_clock::now());
  if (!done) transaction.roll_back();
  json out = save_result_json(merged.result, false);
  out["mergedRecordIds"] = merged.merged;
  out["updatedRelatedIds"] = merged.related;
  return json_answer(done ? 200 : 400, out);
}

HttpResponse ControlApi::write_records(const std::string& object, const json& body) {
  const Outcome<std::vector<Work>> work = read_work(object, body);
  if (!work) return bad_request(work.error().message);
  const std::string key_field = body.value("upsert", "");
  OrgHost::Access org = host_.access();
  Transaction transaction = org->begin(read_writer(body, *org));
  json results = json::array();
  bool all_good = true;
  for (const Work& one : *work) {
    const SaveResult result =
        wait_for_locks(org, [&] { return std::vector<SaveResult>{run(transaction, one, key_field)}; }).front();
    all_good &= result.success;
    results.push_back(save_result_json(result, true));
  }
  if (!all_good && body.value("allOrNone", false)) {
    transaction.roll_back();
    org.announce();
    return json_answer(400, {{"results", std::move(results)}});
  }
  CommitResult committed;
  const bool in_time = commit_in_time(org, transaction, std::chrono::steady_clock::now(), &committed);
  if (!in_time) return json_answer(503, {{"error", "REQUEST_RUNNING_TOO_LONG"}, {"message", "rolled back"}});
  return json_answer(all_good ? 200 : 400, {{"results", std::move(results)},
                                            {"commitNumber", committed.commit_number},
                                            {"commitTimestamp", committed.commit_ms},
                                            {"transactionKey", committed.transaction_key}});
}

HttpResponse ControlApi::read_records(const HttpRequest& request, const std::string& object) {
  const OrgHost::Access org = host_.access();
  const ObjectDef* found = org->schema().object(object);
  if (found == nullptr) return json_answer(404, {{"error", codes::kNotFound}, {"message", "no object " + object}});
  std::string soql = "SELECT ";
  for (const FieldDef& field : found->fields) {
    if (!field.removed) soql += field.name + ",";
  }
  soql.back() = ' ';
  soql += "FROM " + found->name;
  if (const auto limit = request.param("limit")) {
    std::uint64_t count = 0;
    std::from_chars(limit->data(), limit->data() + limit->size(), count);
    soql += fmt::format(" ORDER BY Id LIMIT {}", std::clamp<std::uint64_t>(count, 1, 2'000'000));
  }
  Outcome<QueryCursor> cursor = org->query(soql, {.include_deleted = true});
  if (!cursor) return json_answer(500, {{"error", cursor.error().code}, {"message", cursor.error().message}});

  struct Reading {
    std::shared_ptr<Org> org;
    QueryCursor cursor;
    RecordJsonWriter writer;
  };
  RecordJsonWriter writer(*cursor, "");
  auto reading = std::make_shared<Reading>(org.share(), *std::move(cursor), std::move(writer));
  HttpResponse out;
  out.content_type = "application/x-ndjson";
  out.stream = [this, reading](std::string& piece) {
    const OrgHost::Access held = host_.access();
    while (piece.size() < kPieceBytes) {
      if (!reading->cursor.next()) return false;
      reading->writer.append(reading->cursor, piece);
      piece += '\n';
    }
    return true;
  };
  return out;
}

}  // namespace orgsim
