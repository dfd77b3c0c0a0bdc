#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cli/commands.h"
#include "codec/mapping_file.h"
#include "postgres/session.h"
#include "runtime/access.h"
#include "runtime/config.h"

namespace duet::cli {

/// The configuration with the connection that a command is about.
struct Opened {
  runtime::Config config;
  runtime::ConnectionConfig connection;
};

Result<Opened> open_connection(const GlobalOptions& global);

/// A session for answers and DDL.
Result<std::unique_ptr<postgres::Session>> open_database(const runtime::ConnectionConfig& connection);

/// The id of the connection in duet.connection; `not_found` before the first import or serve.
Result<int> find_connection(postgres::Session& session, const std::string& name);

/// Who runs the command: whoever has the database's secret may do everything.
runtime::Caller command_line_caller();

/// Reads a mapping file from disk. `config` when it cannot be read.
Result<codec::ParsedMappingFile> open_mapping_file(const std::string& name);

}  // namespace duet::cli
