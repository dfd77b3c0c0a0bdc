#include <cstdlib>

#include <fmt/format.h>

#include "runtime/doctor.h"
#include "runtime/limit_watch.h"

namespace duet::runtime {
namespace {

/// From here on `newest` decisions and JWT logins suffer.
constexpr TimeMs kLargestClockOffsetMs = 30'000;

void examine_limits(ports::Org& org, Findings& findings) {
  const auto usage = org.api_usage();
  if (!usage || usage->allowed <= 0) {
    findings.warn("org.api_limit", "the org did not say how many API calls are left",
                  "grant the integration user API access");
    return;
  }
  const std::string text = fmt::format("{} of {} API calls of the last 24 h are used", usage->used, usage->allowed);
  if (usage->used * 100 >= usage->allowed * kLimitWarnPercent) {
    findings.warn("org.api_limit", text, "find what uses them in Setup > Company Information, or buy more");
  } else {
    findings.ok("org.api_limit", text);
  }
}

void examine_clock(ports::Org& org, Findings& findings) {
  constexpr TimeMs kUnknownMs = 3'600'000;
  const ports::ClockOffset offset = org.clock_offset();
  if (offset.uncertainty_ms >= kUnknownMs) {
    findings.warn("org.clock", "the org does not tell its time",
                  "check that no proxy removes the Date header of its answers");
    return;
  }
  const std::string text =
      fmt::format("the org's clock is {:+.1f} s from this machine's (known to {:.1f} s)",
                  static_cast<double>(offset.offset_ms) / 1'000, static_cast<double>(offset.uncertainty_ms) / 1'000);
  if (std::abs(offset.offset_ms) - offset.uncertainty_ms > kLargestClockOffsetMs) {
    findings.warn("org.clock", text,
                  "let this machine follow a time server (NTP): logins with a key fail when clocks differ");
  } else {
    findings.ok("org.clock", text);
  }
}

void examine_stream(ports::Org& org, Findings& findings) {
  // The channel of all change events answers for any object; Account is in every org.
  const auto events = org.has_change_events("Account");
  if (!events) {
    findings.error("org.change_events", events.error());
  } else if (*events) {
    findings.ok("org.change_events", "the Pub/Sub API answers, and change events can be read");
  } else {
    findings.ok("org.change_events", "the Pub/Sub API answers");
  }
}

}  // namespace

bool examine_org(ports::Org& org, Findings& findings) {
  const auto identity = org.identity();
  if (!identity) {
    findings.error("org.login", identity.error());
    return false;
  }
  findings.ok("org.login", fmt::format("signed in to org {} as user {}", identity->org_id, identity->user_id));
  const auto objects = org.list_objects();
  if (!objects) {
    findings.error("org.api", objects.error());
    return false;
  }
  if (objects->empty()) {
    findings.error("org.api", "the integration user sees no object at all",
                   "assign it a permission set with the objects to sync");
    return false;
  }
  findings.ok("org.api", fmt::format("the API version is served; {} objects are visible", objects->size()));
  examine_limits(org, findings);
  examine_clock(org, findings);
  examine_stream(org, findings);
  return true;
}

void examine_org_limits(const Result<std::vector<salesforce::OrgLimit>>& limits, Findings& findings) {
  if (!limits) {
    findings.error("org.limits", limits.error());
    return;
  }
  bool fine = true;
  for (const salesforce::OrgLimit& limit : *limits) {
    // Calls have a finding of their own, from the newest answer.
    if (limit.name == "DailyApiRequests" || limit.percent() < kLimitWarnPercent) continue;
    fine = false;
    findings.warn("org.limits", fmt::format("{} of {} of {} are used", limit.used, limit.allowed, limit.name),
                  "find what uses it in Setup > System Overview: at its end loads, jobs or change events stop coming");
  }
  if (fine) findings.ok("org.limits", "jobs, delivered events and storage are below their limits");
}

}  // namespace duet::runtime
