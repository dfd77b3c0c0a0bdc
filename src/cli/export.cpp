#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/opening.h"
#include "codec/mapping_file_resolve.h"
#include "postgres/mapping_store.h"

namespace duet::cli {
namespace {

Result<std::string> export_text(const GlobalOptions& global) {
  const Opened opened = DUET_TRY(open_connection(global));
  auto session = DUET_TRY(open_database(opened.connection));
  const int id = DUET_TRY(find_connection(*session, opened.connection.name));
  const postgres::Rows rows =
      DUET_TRY(session->query("SELECT org_id FROM duet.connection WHERE id = $1::integer", {std::to_string(id)}));
  codec::MappingFile file;
  file.connection_name = opened.connection.name;
  file.organization_id = std::string(rows.text(0, 0));
  file.api_version = opened.connection.salesforce.api_version;
  for (const postgres::StoredMapping& stored : DUET_TRY(postgres::MappingStore(*session, id).list())) {
    file.mappings.push_back(codec::to_file_mapping(stored.mapping));
  }
  return codec::write_mapping_file(file);
}

}  // namespace

ExitCode run_export(const GlobalOptions& global, const std::string& file) {
  const Result<std::string> text = export_text(global);
  if (!text) return report(text.error(), global.json);
  if (file.empty()) {
    fmt::print("{}", *text);
    return kDone;
  }
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << *text;
  stream.close();
  if (!stream)
    return report(Error{ErrorKind::config,
                        {},
                        fmt::format("{} cannot be written", file),
                        "choose another file",
                        nullptr,
                        std::nullopt},
                  global.json);
  if (global.json) {
    fmt::print("{}\n", nlohmann::json{{"file", file}}.dump());
  } else {
    fmt::print("Exported to {}.\n", file);
  }
  return kDone;
}

}  // namespace duet::cli
