#pragma once

#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "orgsim/server/org_server.h"

namespace orgsim {

/// A whole simulator on free ports for one test, with a logged-in HTTP client. The certificates are made once a
/// process.
class ServerTest : public testing::Test {
 protected:
  using json = nlohmann::json;

  /// Plain HTTP and both kinds of gRPC; with_proxy adds HTTPS and the CONNECT proxy.
  explicit ServerTest(bool with_proxy = false);

  struct Answer {
    int status = 0;  ///< 0: the connection was closed without an answer
    httplib::Headers headers;
    std::string text;
    json body;

    std::string header(const std::string& name) const;
    /// body[0].errorCode, or empty.
    std::string error_code() const;
  };

  /// A request with the session's token; paths beginning with "/" are taken as they are, others are below
  /// /services/data/v62.0/.
  Answer call(const std::string& method, const std::string& path, const json& body = nullptr,
              const httplib::Headers& headers = {});
  Answer get(const std::string& path, const httplib::Headers& headers = {}) {
    return call("GET", path, nullptr, headers);
  }
  /// A request with exactly these headers and body.
  Answer raw(const std::string& method, const std::string& path, const std::string& body,
             const httplib::Headers& headers, const std::string& content_type);
  Answer query(const std::string& soql, const httplib::Headers& headers = {});
  /// Creates a record and returns its id.
  std::string create(const std::string& object, const json& fields);
  json status() { return get("/orgsim/status").body; }

  std::unique_ptr<OrgServer> server_;
  json ready_;
  std::string token_;
};

/// Percent-encoding for query parameters.
std::string url_encode(const std::string& text);

}  // namespace orgsim
