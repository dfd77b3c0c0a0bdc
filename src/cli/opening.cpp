#include "cli/opening.h"

#include <pwd.h>
#include <unistd.h>

#include <fstream>

#include <fmt/format.h>

#include "base/logging.h"

namespace duet::cli {

Result<Opened> open_connection(const GlobalOptions& global) {
  Opened opened;
  opened.config = DUET_TRY(runtime::load_config(global.config_file, runtime::process_environment()));
  opened.connection = *DUET_TRY(runtime::pick_connection(opened.config, global.connection));
  // Standard error belongs to the answer here; `serve` alone logs what it does.
  configure_logging(LogLevel::error, LogFormat::text);
  return opened;
}

Result<std::unique_ptr<postgres::Session>> open_database(const runtime::ConnectionConfig& connection) {
  return postgres::Session::connect(connection.postgres.url, postgres::SessionRole::admin);
}

Result<int> find_connection(postgres::Session& session, const std::string& name) {
  const postgres::Rows present =
      DUET_TRY(session.query("SELECT pg_catalog.to_regclass('duet.connection') IS NOT NULL"));
  if (present.boolean(0, 0)) {
    const postgres::Rows rows = DUET_TRY(session.query("SELECT id FROM duet.connection WHERE name = $1", {name}));
    if (!rows.empty()) return static_cast<int>(rows.integer(0, 0));
  }
  return fail(ErrorKind::not_found, fmt::format("nothing has been imported for connection {}", name), {},
              "run: duet import FILE");
}

runtime::Caller command_line_caller() {
  const passwd* user = getpwuid(geteuid());
  return {std::string("cli:") + (user ? user->pw_name : std::to_string(geteuid()).c_str()),
          runtime::Role::admin,
          "cli",
          {},
          {},
          0};
}

Result<codec::ParsedMappingFile> open_mapping_file(const std::string& name) {
  std::ifstream stream(name, std::ios::binary);
  if (!stream)
    return fail(ErrorKind::config, fmt::format("{} cannot be read", name), {}, "check the name of the mapping file");
  std::string text(codec::kMaxMappingFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  auto parsed = codec::read_mapping_file(text);
  if (!parsed) parsed.error().message = fmt::format("{}: {}", name, parsed.error().message);
  return parsed;
}

}  // namespace duet::cli
