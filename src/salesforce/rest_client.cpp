#include "salesforce/rest_client.h"

#include <charconv>

#include "salesforce/rest_error.h"

namespace duet::salesforce {
namespace {

constexpr long kMaxRetryAfterSeconds = 3'600;

bool changes_something(const RestCall& call) { return call.method != "GET"; }

std::string place_of(const RestCall& call) { return call.method + " " + call.path.substr(0, call.path.find('?')); }

/// The identity service says 403 and gives the reason as plain text.
bool refuses_token(const HttpResponse& response) {
  return response.status == 401 || (response.status == 403 && response.body.starts_with("Bad_OAuth_Token"));
}

CallFailure failure_of_transport(const RestCall& call, HttpFailure failure) {
  CallFailure result{failure.sent ? Delivery::unknown : Delivery::not_sent, std::move(failure.error)};
  result.error.detail = place_of(call) + (result.error.detail.empty() ? "" : ": " + result.error.detail);
  if (failure.sent && changes_something(call) && result.error.kind != ErrorKind::cancelled)
    result.error.kind = ErrorKind::outcome_unknown;
  return result;
}

}  // namespace

RestClient::RestClient(std::shared_ptr<Session> session)
    : session_(std::move(session)), client_(session_->make_client(session_->stop())) {}

RestClient::RestClient(std::shared_ptr<Session> session, std::stop_token stop)
    : session_(std::move(session)), client_(session_->make_client(std::move(stop))) {}

std::string RestClient::data_path(std::string_view rest) const {
  return "/services/data/v" + session_->settings().api_version + "/" + std::string(rest);
}

std::expected<HttpResponse, CallFailure> RestClient::call(const RestCall& call) {
  HttpRequest request{.method = call.method,
                      .body = call.body,
                      .timeout_ms = call.sink             ? 0
                                    : call.timeout_ms > 0 ? call.timeout_ms
                                                          : session_->settings().request_timeout_ms,
                      .compressed = call.compressed,
                      .sink = call.sink};
  auto login = session_->login();
  for (int round = 0;; ++round) {
    if (!login) return std::unexpected(CallFailure{Delivery::not_sent, std::move(login).error()});
    request.url = (*login)->instance_url + call.path;
    request.headers = call.headers;
    request.headers.push_back("Authorization: Bearer " + (*login)->access_token);
    request.headers.push_back("Accept: application/json");
    if (!call.body.empty()) request.headers.push_back("Content-Type: " + call.content_type);

    auto response = client_.perform(request);
    if (!response) return std::unexpected(failure_of_transport(call, std::move(response).error()));
    session_->gauges().observe(*response);
    // A refused token means that nothing was done: the same call may go out again.
    if (!refuses_token(*response) || round > 0) return std::move(*response);
    login = session_->renew((*login)->generation);
  }
}

Result<HttpResponse> RestClient::expect(const RestCall& request) {
  auto response = call(request);
  if (!response) return std::unexpected(std::move(response).error().error);
  if (response->status < 200 || response->status > 299) return std::unexpected(failure_of(request, *response).error);
  return std::move(*response);
}

Result<HttpResponse> RestClient::get(std::string path) { return expect(RestCall{.path = std::move(path)}); }

CallFailure failure_of(const RestCall& call, const HttpResponse& response) {
  CallFailure failure{Delivery::refused, error_of_answer(response.status, response.body)};
  failure.error.detail = place_of(call);
  if (const std::string* wait = response.header("retry-after")) {
    long seconds = 0;
    auto [end, error] = std::from_chars(wait->data(), wait->data() + wait->size(), seconds);
    if (error == std::errc() && seconds >= 0 && seconds <= kMaxRetryAfterSeconds)
      failure.error.retry_after_ms = seconds * 1'000;
  }
  if (response.status >= 500 && changes_something(call)) {
    failure.delivery = Delivery::unknown;
    failure.error.kind = ErrorKind::outcome_unknown;
  }
  // An answer that is neither success nor error (a redirect, an empty 0) proves nothing.
  if (response.status < 300) failure.delivery = Delivery::unknown;
  return failure;
}

}  // namespace duet::salesforce
