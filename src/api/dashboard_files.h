#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace duet::api {

/// A file of the built dashboard, compiled in. Texts live as long as the program.
struct DashboardFile {
  std::string_view path;  ///< `/index.html`, `/assets/index-1a2b3c4d.js`
  std::string_view content_type;
  std::string_view etag;  ///< without quotes
  std::size_t size = 0;   ///< unpacked
  std::string_view gzip;
};

/// Sorted by path; empty when Duet was built without the dashboard (DUET_DASHBOARD=OFF).
std::span<const DashboardFile> dashboard_files();

}  // namespace duet::api
