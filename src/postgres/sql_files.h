#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace duet::postgres {

/// One file of sql/, compiled in.
struct SqlFile {
  std::string_view path;  ///< `migrations/0001_duet_schema.sql`
  std::string_view text;
};

/// All of them, sorted by path.
std::span<const SqlFile> embedded_sql_files();

/// The text of one file. A path that is not there is a bug and aborts.
std::string_view sql_file(std::string_view path);

/// Replaces `:"name"`, `:'name'` and `:name` by the given texts; the key of a name includes its quotes. `::` stays a
/// cast. A placeholder without a text is a bug and aborts, so that no half-rendered SQL reaches a server.
std::string render_sql(std::string_view text, const std::map<std::string, std::string, std::less<>>& values);

}  // namespace duet::postgres
