#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "orgsim/core/error.h"

namespace orgsim {

/// The states of Bulk API 2.0 jobs (spec §3.1, §3.2).
enum class BulkJobState : std::uint8_t { open, upload_complete, in_progress, job_complete, aborted, failed };

/// "Open", "UploadComplete" …
[[nodiscard]] std::string_view state_name(BulkJobState state);
/// No more work will be done on the job.
[[nodiscard]] bool is_over(BulkJobState state);

/// How the CSV of a Bulk API 2.0 job is written, in both directions.
struct BulkDialect {
  char delimiter = ',';
  std::string delimiter_name = "COMMA";
  bool crlf = false;

  [[nodiscard]] std::string_view line_ending_name() const { return crlf ? "CRLF" : "LF"; }
  [[nodiscard]] std::string_view line_ending() const { return crlf ? "\r\n" : "\n"; }
};

/// columnDelimiter, lineEnding and contentType of a job's body; INVALIDJOB for what is none of the API's.
[[nodiscard]] Outcome<BulkDialect> read_bulk_dialect(const nlohmann::json& body);

/// The text members of a JSON body, null ones left out; JSON_PARSER_ERROR for a body that is no object and for members
/// of other types.
[[nodiscard]] Outcome<nlohmann::json> read_text_members(std::string_view body);

/// The one thing a PATCH may say, as a state name; JSON_PARSER_ERROR or INVALIDJOBSTATE.
[[nodiscard]] Outcome<std::string> read_wanted_state(std::string_view body);

/// When something happened to a job, in whole seconds as all of REST's times.
[[nodiscard]] std::string job_datetime(std::int64_t ms);

/// "62.0" as the JSON number 62.0 that jobs carry.
[[nodiscard]] double version_number(const std::string& version);

/// The job's own code for an error that the API reports in capitals: {"errorCode":"INVALIDJOB",…}, always 400.
inline constexpr std::string_view kInvalidJob = "INVALIDJOB";
inline constexpr std::string_view kInvalidJobState = "INVALIDJOBSTATE";

}  // namespace orgsim
