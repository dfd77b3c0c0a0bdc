// Any bytes as an HTTP request of somebody who is logged in ("METHOD target", header lines, a blank line, the body), to
// every protocol on the HTTP port but long polls and the simulator's own controls: an answer, whatever it says.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "orgsim/server/org_server.h"

namespace {

using namespace orgsim;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

HttpRequest parse(std::string_view text, const std::string& token) {
  HttpRequest out;
  std::string_view line = take_line(text);
  const std::size_t blank = std::min(line.find(' '), line.size());
  out.method = line.substr(0, blank);
  const std::string_view target = line.substr(std::min(blank + 1, line.size()));
  const std::size_t question = std::min(target.find('?'), target.size());
  out.raw_path = target.substr(0, question);
  out.segments = split_path(out.raw_path);
  out.query = parse_form(target.substr(std::min(question + 1, target.size())));
  out.headers = {{"authorization", "Bearer " + token}, {"x-sfdc-session", token}};
  for (line = take_line(text); !line.empty() && out.headers.size() < 10; line = take_line(text)) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    out.headers.emplace_back(to_lower(line.substr(0, colon)), line.substr(std::min(colon + 1, line.size())));
  }
  out.body = text;
  out.scheme = "http";
  out.host = "localhost";
  return out;
}

bool may_wait(const HttpRequest& request) {
  if (request.raw_path.find("orgsim") != std::string::npos || request.raw_path.find('%') != std::string::npos)
    return true;
  return to_lower(request.raw_path).find("cometd") != std::string::npos &&
         request.body.find("connect") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<OrgServer> server;
  static std::string token;
  static int runs = 0;
  // What requests have written must not fill the memory.
  if (runs++ % 20'000 == 0) {
    server = std::make_unique<OrgServer>(ServerOptions{});
    token = nlohmann::json::parse(server->ready_line())["access_token"];
  }
  const HttpRequest request = parse(std::string_view(reinterpret_cast<const char*>(data), size), token);
  if (may_wait(request)) return 0;
  HttpResponse answer = server->handle(request);
  if (answer.status < 200 || answer.status > 599) std::abort();
  if (!answer.stream) return 0;
  std::string piece;
  while (answer.stream(piece)) piece.clear();
  return 0;
}
