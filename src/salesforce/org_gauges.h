#pragma once

#include <mutex>
#include <optional>

#include "ports/org.h"
#include "salesforce/http_client.h"

namespace duet::salesforce {

/// What the headers of every answer tell on the side: API calls used, and how far the org's clock is ahead. Thread
/// safe.
class OrgGauges {
 public:
  void observe(const HttpResponse& response);

  std::optional<ports::ApiUsage> api_usage() const;
  /// Each Date header bounds the offset to a second and the round trip; the bounds of the last 10 minutes are
  /// intersected. An uncertainty of one hour while nothing is known.
  ports::ClockOffset clock_offset() const;

 private:
  void observe_date(const HttpResponse& response);
  void observe_usage(const HttpResponse& response);

  mutable std::mutex mutex_;
  std::optional<ports::ApiUsage> usage_;
  bool known_ = false;
  TimeMs low_ = 0;   ///< org clock minus ours is at least this
  TimeMs high_ = 0;  ///< and at most this
  TimeMs since_ = 0;
};

/// An HTTP date (`Tue, 10 Aug 2015 00:00:00 GMT`) and back.
std::optional<TimeMs> parse_http_date(std::string_view text);
std::string format_http_date(TimeMs time);

}  // namespace duet::salesforce
