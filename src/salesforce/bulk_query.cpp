#include "salesforce/bulk_query.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include <nlohmann/json.hpp>

#include "codec/soql.h"
#include "salesforce/chunk_queue.h"
#include "salesforce/page_cutter.h"
#include "salesforce/rest_error.h"

namespace duet::salesforce {
namespace {

using nlohmann::json;
using Milliseconds = std::chrono::milliseconds;

constexpr long kPageRecords = 250'000;
constexpr int kMaxPageTries = 5;
constexpr int kMaxPollFailures = 20;
constexpr Milliseconds kFirstPoll{20};
constexpr Milliseconds kLongestPoll{5'000};
constexpr Milliseconds kRetryWait{500};
constexpr long kCleanUpTimeoutMs = 5'000;

std::string text_of(const json& answer, const char* key) {
  return answer.is_object() && answer.contains(key) && answer[key].is_string() ? answer[key].get<std::string>()
                                                                               : std::string();
}

bool passes(const Error& error) {
  return error.kind == ErrorKind::network || error.kind == ErrorKind::timeout || error.kind == ErrorKind::throttled;
}

class Reader final : public ports::BulkReader {
 public:
  Reader(std::shared_ptr<Session> session, std::string job_path)
      : session_stop_(session->stop(), StopReader{stop_}),
        client_(std::move(session), stop_.get_token()),
        job_path_(std::move(job_path)),
        thread_([this] { run(); }) {}

  ~Reader() override {
    stop_.request_stop();
    queue_.leave();
    thread_.join();
  }

  Result<std::string_view> read() override { return queue_.read(); }

  std::optional<long> record_count() const override {
    long count = record_count_.load(std::memory_order_acquire);
    return count < 0 ? std::nullopt : std::optional(count);
  }

 private:
  struct StopReader {
    std::stop_source& source;
    void operator()() const { source.request_stop(); }
  };

  void run() {
    Result<void> result = wait_for_job();
    std::string locator;
    while (result && !queue_.left()) {
      cutter_.begin_page();
      Result<std::string> next = read_page(locator);
      if (!next) {
        result = std::unexpected(std::move(next).error());
      } else {
        queue_.flush();
        locator = std::move(*next);
        if (locator.empty()) break;
      }
    }
    queue_.end(result ? std::nullopt : std::optional(std::move(result).error()));
    clean_up();
  }

  /// Sleeps unless the reader goes; true while it stays.
  bool pause(Milliseconds time) {
    std::unique_lock lock(pause_mutex_);
    pause_.wait_for(lock, stop_.get_token(), time, [] { return false; });
    return !stop_.stop_requested();
  }

  static std::unexpected<Error> cancelled() { return fail(ErrorKind::cancelled, "The load was stopped"); }

  Result<void> wait_for_job() {
    auto deadline = std::chrono::steady_clock::now() + Milliseconds(client_.session().settings().bulk_job_timeout_ms);
    Milliseconds wait = kFirstPoll;
    int failures = 0;
    while (std::chrono::steady_clock::now() < deadline) {
      Result<HttpResponse> response = client_.get(job_path_);
      if (!response) {
        if (!passes(response.error()) || ++failures > kMaxPollFailures)
          return std::unexpected(std::move(response).error());
      } else {
        failures = 0;
        json job = json::parse(response->body, nullptr, false);
        std::string state = text_of(job, "state");
        if (state == "JobComplete") {
          if (job.contains("numberRecordsProcessed") && job["numberRecordsProcessed"].is_number_integer()) {
            record_count_.store(job["numberRecordsProcessed"].get<long>(), std::memory_order_release);
          }
          return {};
        }
        if (state == "Failed" || state == "Aborted") {
          std::string reason = text_of(job, "errorMessage");
          return fail(
              ErrorKind::rejected,
              "Salesforce's query job ended without a result" + (reason.empty() ? "" : ": " + reason.substr(0, 500)),
              "JOB_" + state, job_path_);
        }
        if (state.empty())
          return fail(ErrorKind::bad_data, "Salesforce's answer about a query job cannot be read", "JSON", job_path_);
      }
      if (!pause(wait)) return cancelled();
      wait = std::min(wait * 3 / 2, kLongestPoll);
    }
    return fail(ErrorKind::timeout, "Salesforce's query job did not finish in time", "JOB_TIMEOUT", job_path_);
  }

  /// Reads one page into the queue; the locator of the next one, empty at the end.
  Result<std::string> read_page(const std::string& locator) {
    RestCall call{.path = job_path_ + "/results?maxRecords=" + std::to_string(kPageRecords)};
    if (!locator.empty()) call.path += "&locator=" + codec::url_encode(locator);
    // Compressing costs more than it saves where the org is on this machine.
    auto login = DUET_TRY(client_.session().login());
    auto origin = parse_origin(login->instance_url);
    call.compressed = !origin || !is_loopback(origin->host);
    call.sink = [this](std::string_view bytes) {
      std::string_view fresh = cutter_.cut(bytes);
      return !cutter_.mismatch() && queue_.write(fresh);
    };
    for (int tries = 1;; ++tries) {
      Result<HttpResponse> response = client_.expect(call);
      if (response) {
        const std::string* next = response->header("sforce-locator");
        return next && *next != "null" ? *next : std::string();
      }
      if (queue_.left()) return cancelled();
      if (cutter_.mismatch()) {
        return fail(ErrorKind::bad_data, "Salesforce gave a different page when it was asked again", "PAGE", job_path_);
      }
      if (!passes(response.error()) || tries >= kMaxPageTries) return std::unexpected(std::move(response).error());
      if (!pause(kRetryWait * tries)) return cancelled();
      cutter_.repeat_page();
    }
  }

  /// Best effort: Salesforce itself forgets jobs after 7 days.
  void clean_up() {
    RestClient client(client_.shared_session());
    RestCall remove{.method = "DELETE", .path = job_path_, .timeout_ms = kCleanUpTimeoutMs};
    auto response = client.call(remove);
    if (!response || response->status < 400) return;
    RestCall abort{
        .method = "PATCH", .path = job_path_, .body = R"({"state":"Aborted"})", .timeout_ms = kCleanUpTimeoutMs};
    if (client.call(abort)) (void)client.call(remove);
  }

  std::stop_source stop_;
  std::stop_callback<StopReader> session_stop_;
  RestClient client_;
  const std::string job_path_;
  ChunkQueue queue_;
  PageCutter cutter_;
  std::atomic<long> record_count_{-1};
  std::mutex pause_mutex_;
  std::condition_variable_any pause_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<ports::BulkReader>> start_bulk_query(RestClient& client, const std::string& soql) {
  json body = {{"operation", "query"},
               {"query", soql},
               {"contentType", "CSV"},
               {"columnDelimiter", "COMMA"},
               {"lineEnding", "LF"}};
  RestCall call{.method = "POST", .path = client.data_path("jobs/query"), .body = body.dump()};
  Result<HttpResponse> response = client.expect(call);
  if (!response) {
    Error error = std::move(response).error();
    // A job that nobody reads harms nobody: the call may be repeated.
    if (error.kind == ErrorKind::outcome_unknown) error.kind = ErrorKind::network;
    return std::unexpected(std::move(error));
  }
  std::string id = text_of(json::parse(response->body, nullptr, false), "id");
  if (!codec::is_api_name("j" + id))
    return fail(ErrorKind::bad_data, "Salesforce's answer about a query job cannot be read", "JSON");
  return std::make_unique<Reader>(client.shared_session(), client.data_path("jobs/query/" + id));
}

}  // namespace duet::salesforce
