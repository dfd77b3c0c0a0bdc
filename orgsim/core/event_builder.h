#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "orgsim/core/event_log.h"
#include "orgsim/core/org_state.h"

namespace orgsim {

/// An event that would be larger is a gap event instead, or refused (spec §4.2, §4.7).
inline constexpr std::size_t kEventBytesMax = std::size_t{1} << 20;

/// Takes an event's content away: only its header is left.
void make_gap(LoggedEvent& event);

/// Turns a transaction's committed changes into events: one per record in order, equal ones merged when the setting
/// says so, and one overflow event per entity for what exceeds the limit (spec §4.5 to §4.7).
class EventBuilder {
 public:
  EventBuilder(Org::Impl& org, std::shared_ptr<const EventTransaction> transaction)
      : org_(org), transaction_(std::move(transaction)) {}

  /// Values by field index; `before` is empty for a create.
  void add(RowKey key, ChangeType type, const std::vector<Value>& before, const std::vector<Value>& after);
  void add_platform_event(const ObjectDef& object, const std::vector<Value>& values);
  void publish();

 private:
  LoggedEvent make(const ObjectDef& object, ChangeType type);
  bool merge(const LoggedEvent& event);

  Org::Impl& org_;
  std::shared_ptr<const EventTransaction> transaction_;
  std::vector<LoggedEvent> events_;
  std::map<std::uint16_t, std::size_t> overflown_;
  std::size_t weight_ = 0;
};

}  // namespace orgsim
