#pragma once

#include <string>

#include "base/result.h"
#include "ports/random.h"
#include "runtime/config.h"

namespace duet::runtime {

/// The file that holds the token where the configuration has none: `duet.token` beside it.
std::string api_token_file(const Config& config);

/// The token of the configuration, else that of the file; empty when there is neither. `config` when the file cannot be
/// read.
Result<std::string> find_api_token(const Config& config);

/// The same, and makes the file, for its owner alone, when there is none.
Result<std::string> ensure_api_token(const Config& config, ports::Random& random);

}  // namespace duet::runtime
