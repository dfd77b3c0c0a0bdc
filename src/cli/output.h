#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace duet::cli {

/// What the process ends with (design §7).
enum ExitCode : int {
  kDone = 0,
  kFound = 1,        ///< issues, differences, findings
  kUsage = 2,        ///< usage or configuration
  kUnreachable = 3,  ///< the org or the database cannot be reached
};

ExitCode exit_code_of(const Error& error);

/// Prints what went wrong and what to do to standard error; with `json` as `{"error":…}` to standard output. Returns
/// its exit code.
ExitCode report(const Error& error, bool json);

/// Columns of text, aligned.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.size() == 1; }
  /// Control characters are replaced, so that what came from a record cannot steer the terminal.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Control characters replaced by `?`.
std::string printable(std::string_view text);

/// `1.5 s`, `250 ms`, `3 min`.
std::string duration_text(long ms);
/// `1,234,567`.
std::string number_text(long number);

bool is_terminal();

}  // namespace duet::cli
