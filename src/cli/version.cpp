#include <fmt/format.h>

#include "cli/commands.h"

namespace duet::cli {

ExitCode run_version(const GlobalOptions& global) {
  if (global.json) {
    fmt::print("{{\"version\": \"{}\"}}\n", global.version);
  } else {
    fmt::print("duet {}\n", global.version);
  }
  return kDone;
}

}  // namespace duet::cli
