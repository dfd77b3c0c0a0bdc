// composite and composite/graph: requests that name each other's answers, each on its own or all or none (spec §2.5).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orgsim/server/composite_request.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/write_request.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::size_t kSubrequestsMax = 25;
constexpr std::size_t kQueriesMax = 5;
constexpr std::size_t kGraphsMax = 75;
constexpr std::size_t kGraphNodesMax = 500;
constexpr int kFirstFailure = 300;
constexpr std::string_view kHalted = "PROCESSING_HALTED";

struct NamedSubrequest {
  std::string id;
  Subrequest request;
};

std::string text_in(const json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Error halted(std::string message) { return {std::string(kHalted), std::move(message), {}}; }

Error rolled_back() {
  return halted("The transaction was rolled back since another operation in the same transaction failed.");
}

json error_body(const Error& error) { return json::array({{{"errorCode", error.code}, {"message", error.message}}}); }

json response_json(const std::string& id, int status, json body, json headers = json::object()) {
  return {
      {"body", std::move(body)}, {"httpHeaders", std::move(headers)}, {"httpStatusCode", status}, {"referenceId", id}};
}

json response_json(const std::string& id, const HttpResponse& response) {
  json headers = json::object();
  for (const auto& [name, value] : response.headers) {
    if (name == "Location" || name == "ETag" || name == "Last-Modified") headers[name] = value;
  }
  return response_json(id, response.status, answer_body(response), std::move(headers));
}

Outcome<std::vector<NamedSubrequest>> read_subrequests(const json& list) {
  if (!list.is_array()) return fail(codes::kJsonParser, "The body needs an array \"compositeRequest\"");
  std::vector<NamedSubrequest> out;
  for (const json& one : list) {
    if (!one.is_object()) return fail(codes::kJsonParser, "A subrequest must be an object");
    NamedSubrequest named{.id = text_in(one, "referenceId"),
                          .request = {.method = text_in(one, "method"),
                                      .url = text_in(one, "url"),
                                      .body = one.value("body", json()),
                                      .headers = one.value("httpHeaders", json())}};
    if (named.id.empty() || named.request.method.empty() || named.request.url.empty()) {
      return fail(codes::kJsonParser, "A subrequest needs a method, a url and a referenceId");
    }
    for (const NamedSubrequest& other : out) {
      if (other.id == named.id) return fail(codes::kJsonParser, "The reference id " + named.id + " is given twice");
    }
    out.push_back(std::move(named));
  }
  return out;
}

/// Runs one after the other.
class Run {
 public:
  Run(const RestCall& call, Transaction* outer) : call_(call), outer_(outer) {}

  /// True when it succeeded; its response is the last one.
  bool add(NamedSubrequest named) {
    if (auto refused = resolve(named.request)) {
      responses_.push_back(response_json(named.id, 400, error_body(*refused)));
      return false;
    }
    const auto response = run_subrequest(call_, named.request, outer_);
    if (!response) {
      responses_.push_back(response_json(named.id, 400, error_body(halted(named.request.url + " is not a valid url"))));
      return false;
    }
    responses_.push_back(response_json(named.id, *response));
    if (response->status < kFirstFailure) references_.add(named.id, responses_.back()["body"]);
    return response->status < kFirstFailure;
  }

  json& responses() { return responses_; }

 private:
  std::optional<Error> resolve(Subrequest& request) {
    for (const Outcome<void>& done :
         {references_.resolve(request.url), references_.resolve(request.body), references_.resolve(request.headers)}) {
      if (!done) return done.error();
    }
    return std::nullopt;
  }

  const RestCall& call_;
  Transaction* outer_;
  References references_;
  json responses_ = json::array();
};

json independent(const RestCall& call, std::vector<NamedSubrequest> list) {
  Run run(call, nullptr);
  for (NamedSubrequest& one : list) run.add(std::move(one));
  return std::move(run.responses());
}

struct AllOrNone {
  bool successful = false;
  bool too_long = false;
  json responses;
};

/// All in one transaction: after a failure every other subrequest is told that it was rolled back.
AllOrNone all_or_none(const RestCall& call, std::vector<NamedSubrequest> list) {
  std::optional<Transaction> transaction;
  {
    OrgHost::Access org = call.environment.host.access();
    Writer writer = call.writer;
    writer.transport = Transport::composite;
    transaction.emplace(org->begin(writer));
  }
  Run run(call, &*transaction);
  std::size_t failed = list.size();
  for (std::size_t i = 0; i < list.size() && failed == list.size(); ++i) {
    if (!run.add(list[i])) failed = i;
  }
  AllOrNone out;
  OrgHost::Access org = call.environment.host.access();
  if (failed == list.size()) {
    out.successful = commit_in_time(org, *transaction, call.request.arrived);
    out.too_long = !out.successful;
  } else {
    transaction->roll_back();
    org.announce();
    json responses = json::array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      responses.push_back(i == failed ? run.responses()[i] : response_json(list[i].id, 400, error_body(rolled_back())));
    }
    run.responses() = std::move(responses);
  }
  // Ended while the org is held.
  transaction.reset();
  out.responses = std::move(run.responses());
  return out;
}

HttpResponse too_long() {
  return error_answer(503, "REQUEST_RUNNING_TOO_LONG", "Your request was running for too long, and has been stopped.");
}

bool is_query(const NamedSubrequest& one) {
  const std::string url = to_lower(one.request.url);
  return url.find("/query") != std::string::npos || url.find("/composite/sobjects") != std::string::npos;
}

}  // namespace

HttpResponse serve_composite(const RestCall& call) {
  if (!call.is("POST")) return method_not_allowed(call.request, "POST");
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  if (!body->is_object()) return error_answer(400, codes::kJsonParser, "The body must be an object");
  auto list = read_subrequests(body->value("compositeRequest", json()));
  if (!list) return error_answer(list.error());
  if (list->size() > kSubrequestsMax) {
    return error_answer(400, codes::kLimitExceeded,
                        fmt::format("The number of subrequests exceeds the limit of {}", kSubrequestsMax));
  }
  if (static_cast<std::size_t>(std::count_if(list->begin(), list->end(), is_query)) > kQueriesMax) {
    return error_answer(400, codes::kLimitExceeded,
                        fmt::format("The number of queries and collections exceeds the limit of {}", kQueriesMax));
  }
  const auto flag = body->find("allOrNone");
  if (flag == body->end() || !flag->is_boolean() || !flag->get<bool>()) {
    return json_answer(200, {{"compositeResponse", independent(call, *std::move(list))}});
  }
  AllOrNone done = all_or_none(call, *std::move(list));
  if (done.too_long) return too_long();
  return json_answer(200, {{"compositeResponse", std::move(done.responses)}});
}

HttpResponse serve_composite_graph(const RestCall& call) {
  if (!call.is("POST")) return method_not_allowed(call.request, "POST");
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  const json graphs = body->is_object() ? body->value("graphs", json()) : json();
  if (!graphs.is_array()) return error_answer(400, codes::kJsonParser, "The body needs an array \"graphs\"");
  if (graphs.size() > kGraphsMax) {
    return error_answer(400, codes::kLimitExceeded,
                        fmt::format("The number of graphs exceeds the limit of {}", kGraphsMax));
  }
  std::vector<std::vector<NamedSubrequest>> lists;
  std::size_t nodes = 0;
  for (const json& graph : graphs) {
    if (!graph.is_object()) return error_answer(400, codes::kJsonParser, "A graph must be an object");
    auto list = read_subrequests(graph.value("compositeRequest", json()));
    if (!list) return error_answer(list.error());
    nodes += list->size();
    lists.push_back(*std::move(list));
  }
  if (nodes > kGraphNodesMax) {
    return error_answer(400, codes::kLimitExceeded,
                        fmt::format("The number of nodes exceeds the limit of {}", kGraphNodesMax));
  }
  json out = json::array();
  for (std::size_t i = 0; i < lists.size(); ++i) {
    AllOrNone done = all_or_none(call, std::move(lists[i]));
    if (done.too_long) return too_long();
    out.push_back({{"graphId", text_in(graphs[i], "graphId")},
                   {"graphResponse", {{"compositeResponse", std::move(done.responses)}}},
                   {"isSuccessful", done.successful}});
  }
  return json_answer(200, {{"graphs", std::move(out)}});
}

HttpResponse serve_composite_batch(const RestCall& call) {
  if (!call.is("POST")) return method_not_allowed(call.request, "POST");
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  const json list = body->is_object() ? body->value("batchRequests", json()) : json();
  if (!list.is_array()) return error_answer(400, codes::kJsonParser, "The body needs an array \"batchRequests\"");
  if (list.size() > kSubrequestsMax) {
    return error_answer(400, codes::kLimitExceeded,
                        fmt::format("The number of requests exceeds the limit of {}", kSubrequestsMax));
  }
  const auto flag = body->find("haltOnError");
  const bool halt = flag != body->end() && flag->is_boolean() && flag->get<bool>();
  bool failed = false;
  json results = json::array();
  for (const json& one : list) {
    if (!one.is_object()) return error_answer(400, codes::kJsonParser, "A request of a batch must be an object");
    if (halt && failed) {
      results.push_back({{"statusCode", 412},
                         {"result", json::array({{{"errorCode", "BATCH_PROCESSING_HALTED"},
                                                  {"message", "Batch processing halted per request"}}})}});
      continue;
    }
    const Subrequest request{.method = text_in(one, "method"),
                             .url = text_in(one, "url"),
                             .body = one.value("richInput", json()),
                             .headers = json()};
    const HttpResponse response = run_subrequest(call, request, nullptr).value_or(not_found());
    failed = failed || response.status >= kFirstFailure;
    results.push_back({{"statusCode", response.status}, {"result", answer_body(response)}});
  }
  return json_answer(200, {{"hasErrors", failed}, {"results", std::move(results)}});
}

}  // namespace orgsim
