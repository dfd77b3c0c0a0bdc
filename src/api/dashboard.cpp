#include "api/dashboard.h"

#include <algorithm>
#include <array>

#include <zlib.h>

#include "api/dashboard_files.h"

namespace duet::api {
namespace {

constexpr std::string_view kPage = "/index.html";
constexpr std::string_view kHashedFolder = "/assets/";

// Nothing but the dashboard's own files; what a record holds can never become a script, a style or a request elsewhere.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
    "'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for "
    "'script'; "
    "trusted-types 'none'";

bool is_for_others(std::string_view path) {
  constexpr std::array<std::string_view, 3> kOperations = {"/metrics", "/healthz", "/readyz"};
  return path == "/api" || path.starts_with("/api/") || std::ranges::find(kOperations, path) != kOperations.end();
}

const DashboardFile* find_file(std::string_view path) {
  const auto files = dashboard_files();
  const auto found = std::ranges::lower_bound(files, path, {}, &DashboardFile::path);
  return found != files.end() && found->path == path ? &*found : nullptr;
}

/// A path that names a file (`/assets/x.js`, `/favicon.ico`) and not a place in the dashboard.
bool names_a_file(std::string_view path) { return path.substr(path.rfind('/') + 1).contains('.'); }

std::string unpacked(const DashboardFile& file) {
  constexpr int kGzip = 16 + MAX_WBITS;
  std::string out(file.size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, kGzip) != Z_OK) return {};
  // zlib reads from a non-const pointer and does not write through it.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(file.gzip.data()));
  stream.avail_in = static_cast<uInt>(file.gzip.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return out;
}

Response not_built() {
  return error_response(404, "not_found", "this duet was built without the dashboard", "the API is at /api/v1/status");
}

Response answer(const DashboardFile& file, const DashboardRequest& request) {
  Response response;
  response.content_type = file.content_type;
  const std::string etag = '"' + std::string(file.etag) + '"';
  const bool hashed = file.path.starts_with(kHashedFolder);
  response.headers = {{"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"},
                      {"Content-Security-Policy", kPolicy},
                      {"ETag", etag},
                      {"Vary", "Accept-Encoding"}};
  if (request.if_none_match.contains(etag)) {
    response.status = 304;
  } else if (request.accept_encoding.contains("gzip")) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file.gzip;
  } else {
    response.body = unpacked(file);
  }
  return response;
}

}  // namespace

std::optional<Response> dashboard(const DashboardRequest& request) {
  if ((request.method != "GET" && request.method != "HEAD") || is_for_others(request.path)) return std::nullopt;
  if (dashboard_files().empty()) return not_built();
  const DashboardFile* file = find_file(request.path);
  if (file == nullptr && names_a_file(request.path))
    return error_response(404, "not_found", "the dashboard has no such file", "the dashboard is at /");
  if (file == nullptr) file = find_file(kPage);
  return answer(*file, request);
}

}  // namespace duet::api
