#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "orgsim/server/rest_call.h"

namespace orgsim {

/// One request inside a composite, batch or graph request.
struct Subrequest {
  std::string method;
  /// "/services/data/v62.0/sobjects/Account", as the caller wrote it.
  std::string url;
  nlohmann::json body;
  nlohmann::json headers;
};

/// What earlier subrequests answered, by reference id, and the replacement of @{ref.path} by it (spec §2.5).
class References {
 public:
  static constexpr std::size_t kReferencedMax = std::size_t{32} << 20;

  void add(const std::string& id, nlohmann::json body) { answers_[id] = std::move(body); }
  /// Replaces in every text of the value. The Error names the reference that has no value; LIMIT_EXCEEDED when all that
  /// was put in so far is more than kReferencedMax bytes: a few characters may name a long text many times.
  Outcome<void> resolve(nlohmann::json& value);
  Outcome<void> resolve(std::string& text);

 private:
  Outcome<std::string> value_of(std::string_view expression) const;

  nlohmann::json answers_ = nlohmann::json::object();
  std::size_t room_ = kReferencedMax;
};

/// Runs the subrequest as if it had come by itself, but not counted. `outer` is the transaction that its writes belong
/// to, or null for one of its own. Nothing when the URL is none that may stand inside.
std::optional<HttpResponse> run_subrequest(const RestCall& call, const Subrequest& subrequest, Transaction* outer);

/// The body of an answer as JSON; null when it has none.
nlohmann::json answer_body(const HttpResponse& response);

}  // namespace orgsim
