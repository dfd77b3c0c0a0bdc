#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/opening.h"
#include "postgres/mapping_store.h"
#include "runtime/record_history.h"

namespace duet::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  if (json.is_null()) return "-";
  return json.is_string() ? json.get<std::string>() : json.dump();
}

void print_history(const Json& history) {
  TextTable table({"AT", "SIDE", "WHAT", "STATE", "FIELDS", "WHO"});
  for (const Json& event : history["events"]) {
    std::string fields;
    for (const Json& field : event["fields"]) {
      if (!fields.empty()) fields += ", ";
      fields += field["name"].get<std::string>();
      if (field.contains("old")) fields += " " + text_of(field["old"]) + " →";
      if (field.contains("new")) fields += " " + text_of(field["new"]);
    }
    table.add({text_of(event["at"]), text_of(event["side"]), text_of(event["title"]), text_of(event["state"]), fields,
               text_of(event["actor"])});
  }
  fmt::print("{}", table.empty() ? "Nothing is stored about this record.\n" : table.text());
  if (const Json& as_of = history["as_of"]; !as_of.is_null()) {
    fmt::print("\nAs it was at {}{}:\n", text_of(as_of["at"]),
               as_of["exists"] == false    ? ": there was no row"
               : as_of["exists"].is_null() ? " (not known)"
                                           : "");
    if (as_of["values"].is_object()) {
      for (const auto& [name, value] : as_of["values"].items())
        fmt::print("  {}: {}\n", name, value.is_null() ? "null" : printable(text_of(value)));
    }
    for (const Json& sentence : as_of["not_known"]) fmt::print("  {}\n", text_of(sentence));
  }
  fmt::print("\nWhat this cannot show:\n");
  for (const Json& sentence : history["not_known"]) fmt::print("  {}\n", text_of(sentence));
}

Result<void> show(const GlobalOptions& global, const RecordOptions& options) {
  const Opened opened = DUET_TRY(open_connection(global));
  const RecordRef ref = DUET_TRY(runtime::record_ref(options.id));
  std::optional<TimeMs> at;
  if (!options.at.empty()) at = DUET_TRY(parse_timestamp(options.at));
  auto session = DUET_TRY(open_database(opened.connection));
  const int id = DUET_TRY(find_connection(*session, opened.connection.name));
  for (const postgres::StoredMapping& stored : DUET_TRY(postgres::MappingStore(*session, id).list())) {
    if (!equals_ignoring_case(stored.mapping.object, options.object)) continue;
    const std::string& schema = opened.connection.postgres.schema;
    const std::string history = DUET_TRY(runtime::history_to_json(*session, schema, id, stored.mapping, ref, at,
                                                                  static_cast<std::size_t>(options.limit)));
    if (global.json) {
      fmt::print("{}", history);
    } else {
      print_history(Json::parse(history));
    }
    return {};
  }
  return fail(ErrorKind::not_found, fmt::format("{} is not mapped", options.object), {}, "see: duet status");
}

}  // namespace

ExitCode run_record(const GlobalOptions& global, const RecordOptions& options) {
  const Result<void> shown = show(global, options);
  return shown ? kDone : report(shown.error(), global.json);
}

}  // namespace duet::cli
