#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "orgsim/core/access.h"
#include "orgsim/core/automation.h"
#include "orgsim/core/event_channels.h"
#include "orgsim/core/event_log.h"
#include "orgsim/core/managed_subscription.h"
#include "orgsim/core/org.h"
#include "orgsim/core/random.h"
#include "orgsim/core/table.h"

namespace orgsim {

struct Snapshot;

/// Who committed what when; versions and rows name a commit by its place in the list.
struct CommitInfo {
  std::uint64_t number = 0;
  std::int64_t ms = 0;
  std::string transaction_key;
  std::string user_id;
  std::string client;
  std::string api;
};

/// One record in one number, for maps: object index and slot.
using RowKey = std::uint64_t;
[[nodiscard]] inline RowKey row_key(std::uint16_t object, std::uint32_t slot) {
  return (static_cast<RowKey>(object) << 32) | slot;
}
[[nodiscard]] inline std::uint16_t object_of(RowKey key) { return static_cast<std::uint16_t>(key >> 32); }
[[nodiscard]] inline std::uint32_t slot_of(RowKey key) { return static_cast<std::uint32_t>(key); }

/// What one user may do with one record.
struct RecordAccess {
  bool read = false;
  bool edit = false;
};

/// Everything an Org holds. Shared by the org's own files only.
struct Org::Impl {
  explicit Impl(const OrgOptions& options);

  [[nodiscard]] std::int64_t now() const;
  [[nodiscard]] std::uint32_t now_second() const;

  [[nodiscard]] Table& table(const ObjectDef& object) { return tables[object.index]; }
  [[nodiscard]] const Table& table(const ObjectDef& object) const { return tables[object.index]; }
  [[nodiscard]] std::string id_of(RowKey key) const;
  /// The slot that an 18-character id of this object names; nothing for other objects' ids and ids never given out.
  [[nodiscard]] std::optional<std::uint32_t> slot_of_id(const ObjectDef& object, std::string_view id) const;
  [[nodiscard]] Outcome<const ObjectDef*> object(std::string_view name) const;

  /// A committed row's values by field index, with Id, IsDeleted and SystemModstamp filled in.
  [[nodiscard]] std::vector<Value> full_values(const ObjectDef& object, std::uint32_t slot, RowState state,
                                               std::uint32_t stamp, std::string_view packed) const;

  /// Notes a commit by this writer, now; its place in `commits`.
  std::uint32_t new_commit(const Writer& writer);
  [[nodiscard]] std::string new_uuid();
  /// How many commits a query sees now: all, or those older than the visibility delay.
  [[nodiscard]] std::uint32_t visible_commits() const;
  /// What a read by id sees: everything that was committed.
  [[nodiscard]] Snapshot all_commits() const;

  /// The event schema of the object as it is now.
  std::shared_ptr<const EventSchema> current_schema(const ObjectDef& object) const;
  [[nodiscard]] ChangeEvent materialise(const LoggedEvent& event) const;
  [[nodiscard]] bool on_topic(const Topic& topic, const LoggedEvent& event) const;
  /// True when changes of the object's records make events: it is selected, or on a custom channel.
  [[nodiscard]] bool has_events(const ObjectDef& object) const {
    return object.cdc_selected || channels.carries(object.index);
  }
  /// Appends an event after asking the fate function; its replay id, or the newest one when it was dropped.
  std::uint64_t publish(LoggedEvent event);

  /// Records that count as data; the org's own setup does not.
  [[nodiscard]] std::uint64_t stored_records() const;
  /// Counts a platform event that is published now; LIMIT_EXCEEDED when the hour's are used up.
  Outcome<void> count_published();
  [[nodiscard]] std::int64_t published_this_hour() const;
  void make_tables();
  void seed_rows();
  void empty_old_bins();

  // The org's own setup (system_rows.cpp, record_types.cpp, currencies.cpp, access.cpp).
  /// Writes a row as the platform itself, in a transaction of its own; a new one without a slot. Its id.
  std::string put_row(const ObjectDef& object, std::optional<std::uint32_t> slot,
                      const std::vector<std::pair<const char*, Value>>& fields);
  /// Gives the rows of open transactions the width that their objects have now.
  void widen_open_rows();
  /// Type and length of the existing fields that an object definition names, by field index.
  using FieldShapes = std::map<std::uint16_t, std::pair<FieldType, std::int32_t>>;
  [[nodiscard]] FieldShapes field_shapes(const nlohmann::json& definition) const;
  /// After such fields were changed: texts that no longer fit are cut, and a change that may lose something is told by
  /// one event with the wildcard of the object's ids (spec §0.5).
  void fit_values(const ObjectDef& object, const FieldShapes& before);
  /// Rows of this kind were committed.
  void setup_changed(Setup what);
  /// Writes the rows of "recordTypes" of a definition that was checked.
  void put_record_types(const ObjectDef& object, const nlohmann::json& list);
  void refresh_record_types();
  void set_currencies(bool on, const std::string& corporate, const nlohmann::json& list);
  void refresh_currencies();
  /// Gives every record that names no currency the corporate one, as the org does when the feature is switched on.
  void stamp_currency(const ObjectDef& object);
  /// An amount in another currency, by the rates of now; unchanged when one of the two is unknown.
  [[nodiscard]] double convert(double amount, std::string_view from, std::string_view to) const;
  /// The currency of a user's own amounts.
  [[nodiscard]] std::string currency_of(std::string_view user_id) const;
  /// What the user sees and may do; kept until permissions or the schema change.
  [[nodiscard]] std::shared_ptr<const UserView> view(std::string_view user_id) const;
  [[nodiscard]] RecordAccess record_access(const UserView& view, const ObjectDef& object, std::string_view user_id,
                                           std::string_view owner_id) const;
  [[nodiscard]] std::string owner_of(const ObjectDef& object, std::uint32_t slot) const;

  Settings settings;
  Random random;
  std::int64_t injected_ms;
  Schema schema;
  std::deque<Table> tables;  // by object index
  std::vector<CommitInfo> commits;
  std::uint64_t last_commit_number;
  EventLog events;
  EventChannels channels;
  ManagedSubscriptions subscriptions;
  std::function<EventFate(const ChangeEvent&)> event_fate;
  std::function<std::optional<Error>(const RowWrite&)> row_fate;
  std::int64_t publishing_hour = 0;  // since the epoch
  std::int64_t published = 0;        // in that hour
  mutable std::map<std::uint16_t, std::pair<std::uint32_t, std::shared_ptr<const EventSchema>>> schemas_now;
  mutable std::map<std::string, std::shared_ptr<const EventSchema>, std::less<>> schemas_by_id;

  ChangeWatcher watcher;
  std::vector<std::pair<std::uint64_t, Rule>> rules;
  Automation automation;
  std::uint64_t next_rule_id = 1;
  std::map<RowKey, std::uint64_t> auto_numbers;       // by object and field index
  std::map<std::uint16_t, std::size_t> bins_emptied;  // deletes already looked at, by object

  /// Rows written by open transactions, and unique keys they hold.
  std::unordered_map<RowKey, const void*> locks;
  std::unordered_multimap<std::string, const void*> unique_keys;
  std::set<Transaction::State*> open;

  std::map<std::uint16_t, std::string> default_record_types;  // by object index
  std::uint64_t access_generation = 0;
  mutable std::unordered_map<std::string, std::shared_ptr<const UserView>> views;  // by user id
  std::uint16_t currency_type = 0;  // CurrencyType's index, also while it is hidden
  bool multi_currency = false;
  std::string corporate_currency = "USD";
  std::map<std::string, double, std::less<>> rates;  // by ISO code: units for one of the corporate currency

  std::string organization_id;
  std::string integration_user_id;
  std::string other_user_id;
};

}  // namespace orgsim
