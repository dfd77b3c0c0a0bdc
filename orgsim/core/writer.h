#pragma once

#include <cstdint>
#include <string>

namespace orgsim {

/// How a write came in. Which transports carry the client's token into changeOrigin is a setting (settings.h).
enum class Transport : std::uint8_t { rows, collections, composite, bulk, soap, internal };

/// Who writes, as the event header and the history will tell.
struct Writer {
  std::string user_id = {};  ///< 18-character id; empty means the integration user
  std::string client = {};   ///< Sforce-Call-Options client=…, or empty
  std::string api = "rest";  ///< rest, bulkapi, soap …; empty for changes with no API origin (changeOrigin "")
  std::string version = "62.0";
  Transport transport = Transport::rows;
  bool allow_duplicates = false;  ///< Sforce-Duplicate-Rule-Header allowSave=true
};

}  // namespace orgsim
