#include "api/app_feed.h"

#include <nlohmann/json.hpp>

#include "api/feed.h"
#include "runtime/status.h"

namespace duet::api {
namespace {

using Json = nlohmann::ordered_json;

// Ids and times are given before the commit, which may come later: every look looks five seconds back again.
constexpr std::string_view kFreshIssues =
    "SELECT id, updated_at, kind, state, object FROM duet.issue WHERE connection_id = $1::integer AND updated_at > "
    "clock_timestamp() - interval '5 seconds' ORDER BY id DESC LIMIT 1000";
constexpr std::string_view kFreshEntries =
    "SELECT id, created_at, reason, '', object FROM duet.journal WHERE connection_id = $1::integer AND created_at > "
    "clock_timestamp() - interval '5 seconds' ORDER BY id DESC LIMIT 1000";

constexpr std::size_t kMostAtOnce = 100;
constexpr int kStatusEvery = 2;

}  // namespace

std::string AppFeed::status_event(const runtime::AppStatus& status) {
  return sse_event("status", Json::parse(runtime::to_json(status)).dump());
}

std::vector<std::string> AppFeed::look() {
  std::vector<std::string> events;
  if (turns_++ % kStatusEvery == 0) {
    if (const auto status = app_.status({})) {
      std::string event = status_event(*status);
      if (event != status_) {
        events.push_back(event);
        status_ = std::move(event);
      }
    }
  }
  for (const runtime::ConnectionConfig& connection : app_.config().connections) {
    Seen& seen = seen_[connection.name];
    // A database that is away shows in the status.
    if (!look_at(connection, seen, events)) seen.session.reset();
  }
  return events;
}

Result<void> AppFeed::look_at(const runtime::ConnectionConfig& connection, Seen& seen,
                              std::vector<std::string>& events) {
  if (!seen.session || seen.session->broken()) {
    seen.session = DUET_TRY(postgres::Session::connect(connection.postgres.url, postgres::SessionRole::admin));
    const postgres::Rows rows =
        DUET_TRY(seen.session->query("SELECT id FROM duet.connection WHERE name = $1", {connection.name}));
    if (rows.empty()) return fail(ErrorKind::not_found, "nothing has been imported for this connection");
    seen.connection_id = static_cast<int>(rows.integer(0, 0));
  }
  std::map<std::string, std::string> before = std::move(seen.known);
  seen.known.clear();
  std::vector<std::string> fresh;
  for (const bool issues : {true, false}) {
    const postgres::Rows rows =
        DUET_TRY(seen.session->query(issues ? kFreshIssues : kFreshEntries, {std::to_string(seen.connection_id)}));
    std::vector<std::string> told;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string key = (issues ? "i" : "j") + std::string(rows.text(i, 0));
      const std::string version(rows.text(i, 1));
      seen.known.emplace(key, version);
      const auto found = before.find(key);
      if (found != before.end() && found->second == version) continue;
      Json data;
      data["connection"] = connection.name;
      data["id"] = rows.integer(i, 0);
      data[issues ? "kind" : "reason"] = rows.text(i, 2);
      if (issues) data["state"] = rows.text(i, 3);
      data["object"] = rows.is_null(i, 4) ? Json() : Json(rows.text(i, 4));
      told.push_back(
          sse_event(issues ? "issue" : "journal", data.dump(-1, ' ', false, Json::error_handler_t::replace)));
    }
    if (told.size() > kMostAtOnce)
      told = {
          sse_event(issues ? "issue" : "journal", Json{{"connection", connection.name}, {"many", told.size()}}.dump())};
    fresh.insert(fresh.end(), std::make_move_iterator(told.rbegin()), std::make_move_iterator(told.rend()));
  }
  // What was there before anybody listened is in the lists.
  if (seen.began)
    events.insert(events.end(), std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
  seen.began = true;
  return {};
}

}  // namespace duet::api
