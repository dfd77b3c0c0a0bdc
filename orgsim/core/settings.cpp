#include "orgsim/core/settings.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace orgsim {

namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, std::int64_t Settings::*>, 23> kNumbers = {{
    {"daily_api_limit", &Settings::daily_api_limit},
    {"event_retention_ms", &Settings::event_retention_ms},
    {"max_retained_events", &Settings::max_retained_events},
    {"keep_alive_ms", &Settings::keep_alive_ms},
    {"event_delay_ms", &Settings::event_delay_ms},
    {"request_time_limit_ms", &Settings::request_time_limit_ms},
    {"upsert_window_ms", &Settings::upsert_window_ms},
    {"lock_wait_ms", &Settings::lock_wait_ms},
    {"visibility_delay_ms", &Settings::visibility_delay_ms},
    {"commit_delay_ms", &Settings::commit_delay_ms},
    {"bulk_queue_ms", &Settings::bulk_queue_ms},
    {"bulk_chunk_ms", &Settings::bulk_chunk_ms},
    {"recycle_bin_days", &Settings::recycle_bin_days},
    {"daily_event_limit", &Settings::daily_event_limit},
    {"publish_stream_idle_ms", &Settings::publish_stream_idle_ms},
    {"daily_bulk_batch_limit", &Settings::daily_bulk_batch_limit},
    {"daily_bulk_query_job_limit", &Settings::daily_bulk_query_job_limit},
    {"daily_streaming_event_limit", &Settings::daily_streaming_event_limit},
    {"hourly_publish_limit", &Settings::hourly_publish_limit},
    {"streaming_client_limit", &Settings::streaming_client_limit},
    {"concurrent_long_request_limit", &Settings::concurrent_long_request_limit},
    {"long_request_ms", &Settings::long_request_ms},
    {"data_storage_mb", &Settings::data_storage_mb},
}};

constexpr std::array<std::pair<std::string_view, bool Settings::*>, 4> kFlags = {{
    {"merge_equal_changes", &Settings::merge_equal_changes},
    {"diff_large_text", &Settings::diff_large_text},
    {"parent_locks", &Settings::parent_locks},
    {"rollups_move_stamp", &Settings::rollups_move_stamp},
}};

constexpr std::array<std::pair<std::string_view, bool Settings::*>, 5> kTransports = {{
    {"rows", &Settings::token_rows},
    {"collections", &Settings::token_collections},
    {"composite", &Settings::token_composite},
    {"bulk", &Settings::token_bulk},
    {"soap", &Settings::token_soap},
}};

std::unexpected<Error> bad(std::string_view key, std::string_view wanted) {
  return fail(codes::kJsonParser, fmt::format("settings: '{}' must be {}", key, wanted));
}

Outcome<void> read_transports(Settings& settings, const json& list) {
  if (!list.is_array()) return bad("client_token_transports", "a list of rows, collections, composite, bulk, soap");
  for (const auto& [name, member] : kTransports) settings.*member = false;
  for (const json& item : list) {
    bool known = false;
    for (const auto& [name, member] : kTransports) {
      if (item != std::string(name)) continue;
      settings.*member = true;
      known = true;
    }
    if (!known) return bad("client_token_transports", "a list of rows, collections, composite, bulk, soap");
  }
  return {};
}

Outcome<void> read_clock(Settings& settings, const json& clock) {
  constexpr std::string_view kWanted = "{\"offset_ms\":…}, {\"fixed_ms\":…} or null";
  settings.clock_offset_ms = 0;
  settings.clock_fixed_ms.reset();
  if (clock.is_null()) return {};
  if (!clock.is_object() || clock.size() != 1) return bad("clock", kWanted);
  const std::string key = clock.begin().key();
  const json& value = clock.begin().value();
  if (!value.is_number_integer()) return bad("clock", kWanted);
  if (key == "offset_ms") {
    settings.clock_offset_ms = value.get<std::int64_t>();
  } else if (key == "fixed_ms") {
    settings.clock_fixed_ms = value.get<std::int64_t>();
  } else {
    return bad("clock", kWanted);
  }
  return {};
}

Outcome<void> read_one(Settings& settings, const std::string& key, const json& value) {
  if (key == "client_token_transports") return read_transports(settings, value);
  if (key == "clock") return read_clock(settings, value);
  for (const auto& [name, member] : kFlags) {
    if (key != name) continue;
    if (!value.is_boolean()) return bad(key, "true or false");
    settings.*member = value.get<bool>();
    return {};
  }
  for (const auto& [name, member] : kNumbers) {
    if (key != name) continue;
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0) return bad(key, "a whole number, 0 or more");
    settings.*member = value.get<std::int64_t>();
    return {};
  }
  if (key == "overflow_limit") {
    if (!value.is_number_integer() || value.get<std::int64_t>() < 1) return bad(key, "a whole number, 1 or more");
    settings.overflow_limit = value.get<std::int64_t>();
    return {};
  }
  return fail(codes::kJsonParser, fmt::format("settings: there is no '{}'", key));
}

}  // namespace

bool Settings::carries_token(Transport transport) const {
  switch (transport) {
    case Transport::rows:
      return token_rows;
    case Transport::collections:
      return token_collections;
    case Transport::composite:
      return token_composite;
    case Transport::bulk:
      return token_bulk;
    case Transport::soap:
      return token_soap;
    case Transport::internal:
      return true;
  }
  return false;
}

Outcome<void> apply_settings(Settings& settings, const json& patch) {
  if (!patch.is_object()) return fail(codes::kJsonParser, "settings: expected a JSON object");
  Settings changed = settings;
  for (const auto& [key, value] : patch.items()) {
    if (auto read = read_one(changed, key, value); !read) return read;
  }
  settings = changed;
  return {};
}

json to_json(const Settings& settings) {
  json out = json::object();
  for (const auto& [name, member] : kNumbers) out[std::string(name)] = settings.*member;
  out["overflow_limit"] = settings.overflow_limit;
  for (const auto& [name, member] : kFlags) out[std::string(name)] = settings.*member;
  json transports = json::array();
  for (const auto& [name, member] : kTransports) {
    if (settings.*member) transports.push_back(name);
  }
  out["client_token_transports"] = std::move(transports);
  out["clock"] = settings.clock_fixed_ms         ? json{{"fixed_ms", *settings.clock_fixed_ms}}
                 : settings.clock_offset_ms != 0 ? json{{"offset_ms", settings.clock_offset_ms}}
                                                 : json(nullptr);
  return out;
}

}  // namespace orgsim
