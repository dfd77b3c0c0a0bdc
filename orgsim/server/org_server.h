#pragma once

#include <memory>
#include <string>

#include "orgsim/server/http_message.h"
#include "orgsim/server/options.h"

namespace orgsim {

/// The whole simulator on its listeners: the composition root of orgsim.
class OrgServer {
 public:
  /// Binds and serves. Throws std::runtime_error with the reason when an address or the data directory is unusable.
  explicit OrgServer(const ServerOptions& options);
  /// Stops; a private data directory is removed.
  ~OrgServer();
  OrgServer(const OrgServer&) = delete;
  OrgServer& operator=(const OrgServer&) = delete;

  /// The one line that says where and with which credentials (design §7), without its newline.
  std::string ready_line() const;

  /// What the HTTP listeners answer to the request. Any thread.
  HttpResponse handle(const HttpRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orgsim
