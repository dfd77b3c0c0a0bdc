#include "orgsim/server/fault_gate.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace orgsim {
namespace {

using nlohmann::json;

constexpr int kFirstHttpStatus = 100;
constexpr int kServiceUnavailable = 503;
constexpr std::int64_t kDelayMaxMs = 3'600'000;
/// How far into a body the name of its object is looked for.
constexpr std::size_t kBodyPrefix = 4096;

std::string_view word_at(std::string_view text, std::size_t position) {
  while (position < text.size() && (text[position] == ' ' || text[position] == '\n')) ++position;
  std::size_t end = position;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
  return text.substr(position, end - position);
}

/// The object of the outer FROM: sub-selects stand in parentheses, literals in quotes.
std::string_view soql_object(std::string_view soql) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i + 5 < soql.size(); ++i) {
    if (soql[i] == '\\') {
      ++i;
    } else if (soql[i] == '\'') {
      quoted = !quoted;
    } else if (!quoted && soql[i] == '(') {
      ++depth;
    } else if (!quoted && soql[i] == ')') {
      --depth;
    } else if (!quoted && depth == 0 && i > 0 && std::isspace(static_cast<unsigned char>(soql[i - 1])) != 0 &&
               std::isspace(static_cast<unsigned char>(soql[i + 4])) != 0 &&
               equals_ignoring_case(soql.substr(i, 4), "from")) {
      return word_at(soql, i + 5);
    }
  }
  return {};
}

/// The text value of the first `"name":` in the body's beginning; cheap because every request of a fault run pays it.
std::string_view body_text(std::string_view body, std::string_view name) {
  body = body.substr(0, kBodyPrefix);
  const std::string quoted = "\"" + std::string(name) + "\"";
  const std::size_t found = body.find(quoted);
  if (found == std::string_view::npos) return {};
  const std::size_t open = body.find('"', found + quoted.size());
  if (open == std::string_view::npos) return {};
  return body.substr(open + 1, body.find('"', open + 1) - open - 1);
}

/// As faults name them, in the order of EventFate.
constexpr std::array<std::string_view, 6> kFateNames = {"deliver", "drop", "duplicate", "gap", "overflow", "wildcard"};

/// Takes "code", "message" and "fields" off the definition where they are given.
Outcome<void> take_error(json& definition, Error& error) {
  for (const auto& [name, text] : {std::pair{"code", &error.code}, std::pair{"message", &error.message}}) {
    const auto given = definition.find(name);
    if (given == definition.end()) continue;
    if (!given->is_string()) return fail(codes::kJsonParser, "\"code\" and \"message\" must be texts");
    *text = given->get<std::string>();
    definition.erase(given);
  }
  const auto fields = definition.find("fields");
  if (fields == definition.end()) return {};
  for (const json& field : *fields) {
    if (!fields->is_array() || !field.is_string())
      return fail(codes::kJsonParser, "\"fields\" must be a list of names");
    error.fields.push_back(field.get<std::string>());
  }
  definition.erase(fields);
  return {};
}

}  // namespace

std::string object_of(const HttpRequest& request) {
  const auto& segments = request.segments;
  const auto found = std::find_if(segments.begin(), segments.end(),
                                  [](const std::string& one) { return equals_ignoring_case(one, "sobjects"); });
  if (found != segments.end()) {
    if (found + 1 != segments.end()) return *(found + 1);
    return std::string(body_text(request.body, "type"));
  }
  if (const auto soql = request.param("q")) return std::string(soql_object(*soql));
  if (const std::string_view object = body_text(request.body, "object"); !object.empty()) return std::string(object);
  return std::string(soql_object(body_text(request.body, "query")));
}

HttpResponse FaultGate::serve(const HttpRequest& request, const HttpHandler& handler) {
  std::optional<Fault> fault;
  if (!request.segments.empty() && request.segments.front() != "orgsim") {
    const std::scoped_lock lock(mutex_);
    if (!plan_.faults().empty()) {
      std::string path;
      for (const std::string& segment : request.segments) path += "/" + segment;
      const std::string object = object_of(request);
      fault = plan_.decide({.method = request.method, .path = path, .object = object});
    }
  }
  if (!fault) return handler(request);
  pause(fault->delay_ms);
  HttpResponse out;
  switch (fault->action) {
    case FaultAction::delay:
      return handler(request);
    case FaultAction::status:
      out.status = fault->status >= kFirstHttpStatus ? fault->status : kServiceUnavailable;
      out.content_type = fault->content_type;
      out.body = fault->body;
      return out;
    case FaultAction::drop_before:
      out.fate = ConnectionFate::drop;
      return out;
    case FaultAction::commit_then_drop:
      handler(request);
      out.fate = ConnectionFate::drop;
      return out;
    case FaultAction::reset:
      out.fate = ConnectionFate::reset;
      return out;
  }
  return out;
}

std::optional<Fault> FaultGate::decide_grpc(std::string_view path, std::string_view object) {
  std::optional<Fault> fault;
  {
    const std::scoped_lock lock(mutex_);
    if (plan_.faults().empty()) return std::nullopt;
    fault = plan_.decide({.method = "GRPC", .path = path, .object = object});
  }
  if (fault) pause(fault->delay_ms);
  return fault;
}

std::optional<BulkFault> FaultGate::decide_bulk(std::string_view path, std::string_view object) {
  const std::scoped_lock lock(mutex_);
  if (bulk_plan_.faults().empty()) return std::nullopt;
  const auto fault = bulk_plan_.decide({.method = "BULK", .path = path, .object = object});
  if (!fault) return std::nullopt;
  return bulk_faults_.at(fault->id);
}

void FaultGate::pause(std::int64_t delay_ms) {
  if (delay_ms <= 0) return;
  host_.access().pause(std::chrono::milliseconds(std::min(delay_ms, kDelayMaxMs)));
}

Outcome<std::uint64_t> FaultGate::add(const json& definition) {
  if (definition.is_object() && definition.contains("event")) return add_event_fault(definition);
  if (definition.is_object() && definition.contains("bulk")) return add_bulk_fault(definition);
  if (definition.is_object() && definition.contains("row")) return add_row_fault(definition);
  const std::scoped_lock lock(mutex_);
  return plan_.add(definition);
}

Outcome<std::uint64_t> FaultGate::add_event_fault(json definition) {
  const json kind = definition["event"];
  definition.erase("event");
  if (kind == "stream_reset") {
    host_.access().reset_event_stream();
    return 0;
  }
  if (kind == "expire") {
    OrgHost::Access org = host_.access();
    org->expire_events();
    org.announce();
    return 0;
  }
  const std::string name = kind.is_string() ? kind.get<std::string>() : std::string();
  const auto named = std::find(kFateNames.begin() + 1, kFateNames.end(), name);
  if (named == kFateNames.end()) {
    return fail(codes::kJsonParser,
                "\"event\" must be drop, duplicate, gap, overflow, wildcard, expire or stream_reset");
  }
  const auto fate = static_cast<EventFate>(named - kFateNames.begin());
  definition["action"] = "status";
  // The org first, then the plan: event_fate() is called with the org held.
  const OrgHost::Access org = host_.access();
  const std::scoped_lock lock(mutex_);
  const Outcome<std::uint64_t> id = event_plan_.add(definition);
  if (!id) return id;
  fates_[*id] = fate;
  org->set_event_fate([this](const ChangeEvent& event) { return event_fate(event); });
  return id;
}

Outcome<std::uint64_t> FaultGate::add_bulk_fault(json definition) {
  const json kind = definition["bulk"];
  BulkFault fault;
  if (kind == "fail") {
    fault = {.kind = BulkFault::Kind::fail, .error = {"InternalServerError", "An internal error occurred", {}}};
  } else if (kind == "abort") {
    fault.kind = BulkFault::Kind::abort;
  } else if (kind == "rows") {
    fault.kind = BulkFault::Kind::rows;
    fault.error = {std::string(codes::kUnableToLockRow), "unable to obtain exclusive access to this record", {}};
  } else {
    return fail(codes::kJsonParser, "\"bulk\" must be fail, abort or rows");
  }
  if (auto read = take_error(definition, fault.error); !read) return std::unexpected(read.error());
  definition.erase("bulk");
  definition["action"] = "status";
  const std::scoped_lock lock(mutex_);
  const Outcome<std::uint64_t> id = bulk_plan_.add(definition);
  if (id) bulk_faults_[*id] = std::move(fault);
  return id;
}

Outcome<std::uint64_t> FaultGate::add_row_fault(json definition) {
  if (definition["row"] != "fail") return fail(codes::kJsonParser, "\"row\" must be fail");
  Error error{std::string(codes::kUnableToLockRow), "unable to obtain exclusive access to this record", {}};
  if (auto read = take_error(definition, error); !read) return std::unexpected(read.error());
  definition.erase("row");
  definition["action"] = "status";
  // The org first, then the plan: row_fate() is called with the org held.
  const OrgHost::Access org = host_.access();
  const std::scoped_lock lock(mutex_);
  const Outcome<std::uint64_t> id = row_plan_.add(definition);
  if (!id) return id;
  row_faults_[*id] = std::move(error);
  org->set_row_fate([this](const Org::RowWrite& write) { return row_fate(write); });
  return id;
}

std::optional<Error> FaultGate::row_fate(const Org::RowWrite& write) {
  constexpr std::array<std::string_view, 6> kPaths = {"/rows", "/collections", "/composite", "/bulk", "/soap", ""};
  const std::scoped_lock lock(mutex_);
  const auto fault = row_plan_.decide(
      {.method = write.operation, .path = kPaths[static_cast<std::size_t>(write.transport)], .object = write.object});
  if (!fault) return std::nullopt;
  return row_faults_.at(fault->id);
}

EventFate FaultGate::event_fate(const ChangeEvent& event) {
  const std::scoped_lock lock(mutex_);
  const auto fault = event_plan_.decide({.method = "EVENT", .path = "", .object = event.entity});
  if (!fault) return EventFate::deliver;
  const auto found = fates_.find(fault->id);
  return found == fates_.end() ? EventFate::deliver : found->second;
}

void FaultGate::clear() {
  const OrgHost::Access org = host_.access();
  org->set_event_fate({});
  org->set_row_fate({});
  const std::scoped_lock lock(mutex_);
  plan_.clear();
  row_plan_.clear();
  row_faults_.clear();
  event_plan_.clear();
  bulk_plan_.clear();
  fates_.clear();
  bulk_faults_.clear();
}

json FaultGate::to_json() {
  const std::scoped_lock lock(mutex_);
  json events = event_plan_.to_json();
  for (json& event : events) {
    if (!event.is_object()) continue;
    const auto fate = fates_.find(event.value("id", std::uint64_t{0}));
    if (fate != fates_.end()) event["event"] = kFateNames[static_cast<std::size_t>(fate->second)];
    event.erase("action");
  }
  json bulk = bulk_plan_.to_json();
  for (json& one : bulk) {
    const auto fault = bulk_faults_.find(one.value("id", std::uint64_t{0}));
    constexpr const char* kNames[] = {"fail", "abort", "rows"};
    if (fault != bulk_faults_.end()) one["bulk"] = kNames[static_cast<int>(fault->second.kind)];
    one.erase("action");
  }
  json rows = row_plan_.to_json();
  for (json& one : rows) {
    one["row"] = "fail";
    one.erase("action");
  }
  return {{"faults", plan_.to_json()},
          {"event_faults", std::move(events)},
          {"bulk_faults", std::move(bulk)},
          {"row_faults", std::move(rows)}};
}

}  // namespace orgsim
