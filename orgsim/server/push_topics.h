#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/org.h"
#include "orgsim/server/streaming_events.h"

namespace orgsim {

/// The PushTopic records of the org at work (spec §4.9): each commit that touches a record matching a topic's query
/// makes a notification on /topic/{Name}. Guarded by the org's access.
class PushTopics {
 public:
  explicit PushTopics(StreamingEvents& events) : events_(events) {}

  /// Watches a new org: its commits, and a rule that refuses PushTopics whose query is none.
  void attach(Org& org);
  /// True for the channel "/topic/{Name}" of an active topic.
  bool has_channel(std::string_view channel) const;

 private:
  struct Topic {
    std::string name;
    std::string soql;
    std::string object;
    std::string notify_for_fields;
    bool on_create = true;
    bool on_update = true;
    bool on_delete = true;
    bool on_undelete = true;
    std::set<std::string> selected;
    std::set<std::string> filtered;
    std::size_t from_end = 0;  ///< where the object's name ends in `soql`
  };

  static Outcome<Topic> read_query(const Org& org, const std::string& soql);
  void load(const Org& org);
  void tell(const Org& org, std::span<const RecordChange> changes);
  static bool wants(const Topic& topic, const RecordChange& change);
  void notify(const Org& org, const Topic& topic, const RecordChange& change);

  StreamingEvents& events_;
  std::vector<Topic> topics_;
};

}  // namespace orgsim
