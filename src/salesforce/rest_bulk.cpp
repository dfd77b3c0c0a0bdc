#include "salesforce/rest_bulk.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <nlohmann/json.hpp>

#include "codec/soql.h"
#include "salesforce/job_rows.h"
#include "salesforce/rest_error.h"
#include "salesforce/send_outcome.h"

namespace duet::salesforce {
namespace {

using nlohmann::json;

std::string text_of(const json& answer, const char* key) {
  return answer.is_object() && answer.contains(key) && answer[key].is_string() ? answer[key].get<std::string>()
                                                                               : std::string();
}

std::string_view operation_of(AttemptKind kind) {
  switch (kind) {
    case AttemptKind::create:
      return "upsert";
    case AttemptKind::update:
      return "update";
    case AttemptKind::remove:
      break;
  }
  return "delete";
}

std::string path_of(const std::string& job_id) { return "jobs/ingest/" + job_id; }

class Upload final : public ports::JobUpload {
 public:
  /// With a client of its own: the job may be uploaded by another thread.
  Upload(std::shared_ptr<Session> session, std::string id, const Mapping& mapping, AttemptKind kind)
      : client_(std::move(session)), id_(std::move(id)), rows_(mapping, kind) {}

  const std::string& id() const override { return id_; }
  Result<bool> add(const ports::SendRecord& record, const std::string& parent) override {
    return rows_.add(record, parent);
  }
  /// A repeated PUT replaces nothing and harms nothing: the job has not begun (§3.1 step 2).
  Result<void> upload() override {
    if (csv_.empty()) csv_ = rows_.take();
    RestCall call{.method = "PUT",
                  .path = client_.data_path(path_of(id_) + "/batches"),
                  .body = csv_,
                  .content_type = "text/csv; charset=UTF-8"};
    DUET_TRY(client_.expect(call));
    csv_ = {};
    return {};
  }

 private:
  RestClient client_;
  const std::string id_;
  JobRows rows_;
  std::string csv_;
};

/// The three sets one after the other, each read as a whole and given in parts.
class Results final : public ports::JobResults {
 public:
  Results(RestClient& client, const Mapping& mapping, AttemptKind kind, std::string id)
      : client_(client), mapping_(mapping), kind_(kind), id_(std::move(id)) {}

  Result<std::vector<ports::JobOutcome>> next() override {
    while (at_ == outcomes_.size()) {
      if (set_ == kSets.size()) return std::vector<ports::JobOutcome>{};
      RestCall call{.path = client_.data_path(path_of(id_) + "/" + kSets[set_].path)};
      const HttpResponse response = DUET_TRY(client_.expect(call));
      outcomes_ = DUET_TRY(read_job_results(mapping_, kind_, kSets[set_].set, response.body));
      for (ports::JobOutcome& each : outcomes_) each.outcome = judged(std::move(each.outcome), mapping_, kind_);
      at_ = 0;
      ++set_;
    }
    const std::size_t count = std::min(kPart, outcomes_.size() - at_);
    std::vector<ports::JobOutcome> part(std::make_move_iterator(outcomes_.begin() + static_cast<long>(at_)),
                                        std::make_move_iterator(outcomes_.begin() + static_cast<long>(at_ + count)));
    at_ += count;
    return part;
  }

 private:
  struct Set {
    const char* path;
    ResultSet set;
  };
  static constexpr std::array<Set, 3> kSets = {{{"successfulResults", ResultSet::successful},
                                                {"failedResults", ResultSet::failed},
                                                {"unprocessedrecords", ResultSet::unprocessed}}};
  static constexpr std::size_t kPart = 1'000;

  RestClient& client_;
  const Mapping& mapping_;
  AttemptKind kind_;
  std::string id_;
  std::size_t set_ = 0;
  std::vector<ports::JobOutcome> outcomes_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::unique_ptr<ports::JobUpload>> RestBulk::open(const Mapping& mapping, AttemptKind kind,
                                                         const std::string& token) {
  json body = {{"object", mapping.object},
               {"operation", operation_of(kind)},
               {"contentType", "CSV"},
               {"columnDelimiter", "COMMA"},
               {"lineEnding", "LF"}};
  if (kind == AttemptKind::create) body["externalIdFieldName"] = mapping.upsert_field;
  RestCall call{.method = "POST",
                .path = client_.data_path("jobs/ingest"),
                .body = body.dump(),
                .headers = {"Sforce-Call-Options: client=" + token}};
  Result<HttpResponse> response = client_.expect(call);
  if (!response) {
    Error error = std::move(response).error();
    // A job that nobody fills never runs: the call may be repeated.
    if (error.kind == ErrorKind::outcome_unknown) error.kind = ErrorKind::network;
    return std::unexpected(std::move(error));
  }
  std::string id = text_of(json::parse(response->body, nullptr, false), "id");
  if (!codec::is_api_name("j" + id))
    return fail(ErrorKind::bad_data, "Salesforce's answer about a job cannot be read", "JSON");
  return std::make_unique<Upload>(client_.shared_session(), std::move(id), mapping, kind);
}

Result<void> RestBulk::set_state(const std::string& job_id, std::string_view state) {
  RestCall call{.method = "PATCH", .path = client_.data_path(path_of(job_id)), .body = json{{"state", state}}.dump()};
  DUET_TRY(client_.expect(call));
  return {};
}

Result<void> RestBulk::start(const std::string& job_id) { return set_state(job_id, "UploadComplete"); }

Result<void> RestBulk::abort(const std::string& job_id) { return set_state(job_id, "Aborted"); }

Result<ports::JobStatus> RestBulk::status(const std::string& job_id) {
  const Result<HttpResponse> response = client_.get(client_.data_path(path_of(job_id)));
  if (!response) {
    if (response.error().kind == ErrorKind::not_found) return ports::JobStatus{ports::JobState::gone, {}};
    return std::unexpected(response.error());
  }
  const json job = json::parse(response->body, nullptr, false);
  const std::string state = text_of(job, "state");
  const std::string message = text_of(job, "errorMessage");
  if (state == "Open") return ports::JobStatus{ports::JobState::open, {}};
  if (state == "UploadComplete" || state == "InProgress") return ports::JobStatus{ports::JobState::running, {}};
  if (state == "JobComplete") return ports::JobStatus{ports::JobState::complete, {}};
  if (state == "Failed") return ports::JobStatus{ports::JobState::failed, message};
  if (state == "Aborted") return ports::JobStatus{ports::JobState::aborted, {}};
  return fail(ErrorKind::bad_data, "Salesforce's answer about a job cannot be read", "JSON", path_of(job_id));
}

Result<std::unique_ptr<ports::JobResults>> RestBulk::results(const Mapping& mapping, AttemptKind kind,
                                                             const std::string& job_id) {
  return std::make_unique<Results>(client_, mapping, kind, job_id);
}

}  // namespace duet::salesforce
