#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orgsim/core/automation.h"
#include "orgsim/core/change_event.h"
#include "orgsim/core/error.h"
#include "orgsim/core/event_channels.h"
#include "orgsim/core/event_schema.h"
#include "orgsim/core/history.h"
#include "orgsim/core/managed_subscription.h"
#include "orgsim/core/query.h"
#include "orgsim/core/rules.h"
#include "orgsim/core/schema.h"
#include "orgsim/core/settings.h"
#include "orgsim/core/transaction.h"
#include "orgsim/core/value.h"

namespace orgsim {

struct OrgOptions {
  std::uint64_t seed = 1;
  std::int64_t start_ms = 1'767'225'600'000;  ///< 2026-01-01T00:00:00Z
  Settings settings = {};
};

/// One record as committed: values by FieldDef::index.
struct Record {
  const ObjectDef* object = nullptr;  ///< as whoever asked sees it
  std::string id;
  bool deleted = false;
  std::vector<Value> values;
  std::shared_ptr<const Schema> schema = {};  ///< keeps `object`

  [[nodiscard]] const Value& at(const FieldDef& field) const;
  /// Null for unknown names.
  [[nodiscard]] const Value& get(std::string_view field) const;
};

struct GenerateOptions {
  std::uint64_t count = 0;
  std::uint64_t seed = 1;
  /// Emit CREATE events, in transactions of 200 as a bulk load would. Off: rows appear as if they had always been
  /// there.
  bool events = false;
};

struct GenerateResult {
  std::uint64_t count = 0;
  std::string first_id;
  std::string last_id;
};

enum class ReplayPreset : std::uint8_t { latest, earliest, custom };

/// What happens to an event between commit and log; tests use it for lost, duplicated, gap, overflow and wildcard
/// events.
enum class EventFate : std::uint8_t { deliver, drop, duplicate, gap, overflow, wildcard };

/// A platform event as a client hands it over (Pub/Sub Publish).
struct PublishedEvent {
  std::string id;  ///< the publisher's; empty means a new UUID
  std::string schema_id;
  std::string payload;  ///< Avro binary
};

struct EventPage {
  std::vector<ChangeEvent> events;
  /// Where to read on: the last event given, or past events of other topics when this one has no more.
  std::uint64_t position = 0;
};

struct UpdatedIds {
  std::vector<std::string> ids;
  std::int64_t latest_date_covered_ms = 0;
};

struct DeletedIds {
  struct Entry {
    std::string id;
    std::int64_t deleted_ms = 0;
  };
  std::vector<Entry> records;
  std::int64_t earliest_date_available_ms = 0;
  std::int64_t latest_date_covered_ms = 0;
};

/// One record's part of a commit, as the watcher is told.
struct RecordChange {
  const ObjectDef* object = nullptr;
  std::string id;
  ChangeType type = ChangeType::create;  ///< create, update, remove or undelete
  std::vector<const FieldDef*> changed;  ///< by an update
};

/// Somebody who wants to know of every commit, as push topics do. Called when it is visible; must not write.
struct ChangeWatcher {
  std::function<bool(const ObjectDef&)> wants;
  std::function<void(std::span<const RecordChange>)> tell;
};

/// The deterministic org: schema, records, transactions, queries, history, change events. No socket, thread, real clock
/// or real random source: time is set by the owner, all random choices come from the seed.
/// Not thread-safe: the owner serialises every call, those on its transactions and cursors included.
class Org {
 public:
  explicit Org(const OrgOptions& options = {});
  ~Org();
  Org(Org&&) = delete;

  // Time. The org's clock is the injected time changed by the clock settings; it may go backwards.
  void set_time(std::int64_t ms);
  void advance(std::int64_t ms);
  [[nodiscard]] std::int64_t now() const;

  // Identity.
  [[nodiscard]] const std::string& organization_id() const;
  [[nodiscard]] const std::string& integration_user_id() const;
  [[nodiscard]] const std::string& other_user_id() const;  ///< a second administrator: "somebody else"

  [[nodiscard]] Settings& settings();
  [[nodiscard]] const Settings& settings() const;

  // Schema.
  [[nodiscard]] const Schema& schema() const;
  /// POST /orgsim/objects: one definition, an array of them, or {"objects":[…]} (schema_edit.h). Answers what exists
  /// now:
  /// [{"name","keyPrefix","fields":[names]}].
  Outcome<nlohmann::json> apply_objects(const nlohmann::json& definitions);
  Outcome<void> select_for_events(std::string_view object, bool selected);
  /// The schema as a user sees it: without objects and fields that no permission shows, and with flags that tell what
  /// the user may write. The org's own when nothing is hidden. Valid as long as it is held and the Org lives.
  [[nodiscard]] std::shared_ptr<const Schema> schema_for(std::string_view user_id) const;
  /// Whether the user has Modify All Data.
  [[nodiscard]] bool is_administrator(std::string_view user_id) const;
  /// POST /orgsim/users: creates or alters a user with a profile of its own (users.cpp has the shape);
  /// {"id","username"}.
  Outcome<nlohmann::json> apply_users(const nlohmann::json& definitions);
  /// {"multiCurrency":true,"corporate":"EUR","currencies":[{"isoCode","conversionRate","decimalPlaces","active"}]}: all
  /// optional. JSON_PARSER_ERROR for anything else.
  Outcome<nlohmann::json> apply_currencies(const nlohmann::json& wanted);
  [[nodiscard]] nlohmann::json currencies() const;
  [[nodiscard]] std::string currency_of(std::string_view user_id) const;

  // Writing.
  [[nodiscard]] Transaction begin(Writer writer);
  /// Rules run in the order they were added, for every record written by anyone.
  std::uint64_t add_rule(Rule rule);
  void remove_rule(std::uint64_t id);
  void clear_rules();

  void set_change_watcher(ChangeWatcher watcher);

  /// Rules given as JSON; they run after those above.
  [[nodiscard]] Automation& automation();

  // Reading committed state.
  /// NOT_FOUND for unknown or purged ids; ENTITY_IS_DELETED for soft-deleted ones unless `include_deleted`.
  /// With a user, the object, the record and its fields as far as this user may see them.
  [[nodiscard]] Outcome<Record> find(std::string_view object, std::string_view id, bool include_deleted = false,
                                     std::string_view user_id = {}) const;
  /// Live records whose field equals the value, as the org compares it (external ids, idLookup fields; others scan).
  [[nodiscard]] Outcome<std::vector<std::string>> find_by_field(std::string_view object, std::string_view field,
                                                                const Value& value,
                                                                std::string_view user_id = {}) const;
  /// REST shape with attributes; all fields, or those named (INVALID_FIELD for unknown ones).
  [[nodiscard]] Outcome<nlohmann::ordered_json> record_json(const Record& record, std::string_view version,
                                                            const std::vector<std::string>& fields = {}) const;
  [[nodiscard]] Outcome<QueryCursor> query(std::string_view soql, const QueryOptions& options = {}) const;
  [[nodiscard]] Outcome<UpdatedIds> updated(std::string_view object, std::int64_t start_ms, std::int64_t end_ms) const;
  [[nodiscard]] Outcome<DeletedIds> deleted(std::string_view object, std::int64_t start_ms, std::int64_t end_ms) const;
  /// Whether the user may have change events of the object: it sees all its records.
  [[nodiscard]] bool may_subscribe(std::string_view user_id, std::string_view object) const;
  /// Takes out of the event what the user may not see.
  void hide_fields(ChangeEvent& event, std::string_view user_id) const;
  /// The same for several, and without events of objects that the user may not subscribe to.
  void hide_events(std::vector<ChangeEvent>& events, std::string_view user_id) const;

  // The oracle's truth: no API would show these.
  /// Every record of the object, deleted ones included, purged ones not, as REST-shaped JSON without attributes, in Id
  /// order.
  Outcome<void> for_each_record(std::string_view object,
                                const std::function<void(const nlohmann::ordered_json&)>& visit) const;
  [[nodiscard]] Outcome<std::vector<RecordVersion>> history(std::string_view object, std::string_view id) const;
  /// As the org counts it: 2 KB a record, whatever is in it, those in the recycle bin not.
  [[nodiscard]] std::int64_t data_storage_mb() const;
  /// Platform events published in this clock hour, as rows or over Pub/Sub.
  [[nodiscard]] std::int64_t published_this_hour() const;
  [[nodiscard]] std::uint64_t record_count(std::string_view object, bool include_deleted = false) const;
  /// Bytes held by records and their indexes, history included; for benches and tests of the size budget.
  [[nodiscard]] std::uint64_t memory_bytes(std::string_view object) const;
  /// Fast synthetic rows: plausible per type, within lengths and picklists, unique fields unique, deterministic.
  Outcome<GenerateResult> generate(std::string_view object, const GenerateOptions& options);

  // Change events and platform events.
  /// True for /data/ChangeEvents, the topic of a selected entity or of a platform event, and custom channels.
  [[nodiscard]] bool topic_exists(std::string_view topic) const;
  /// Where a new subscription starts: read_events(topic, position) gives what comes strictly after it. Errors:
  /// topic.not.found; fetch.replayid.validation.failed (custom without id); fetch.replayid.corrupted (never issued, or
  /// out of retention).
  [[nodiscard]] Outcome<std::uint64_t> start_position(std::string_view topic, ReplayPreset preset,
                                                      std::optional<std::uint64_t> replay_id) const;
  /// False when events after this position have been forgotten: a subscription that lags this far must end with
  /// fetch.replayid.corrupted instead of skipping them.
  [[nodiscard]] bool can_resume(std::uint64_t position) const;
  /// Visible events of the topic after this replay id, at most `max`, in order.
  [[nodiscard]] std::vector<ChangeEvent> read_events(std::string_view topic, std::uint64_t after,
                                                     std::size_t max) const;
  /// The same with the position to go on from, so that a quiet topic does not look at others' events again and again.
  [[nodiscard]] EventPage read_page(std::string_view topic, std::uint64_t after, std::size_t max) const;
  /// All visible events after this replay id, whatever their topic: for people who watch the org.
  [[nodiscard]] EventPage read_bus(std::uint64_t after, std::size_t max) const;
  /// The position that has this many visible events after it, or all there are.
  [[nodiscard]] std::uint64_t bus_position_before(std::size_t events) const;
  /// The newest replay id that a keep-alive may carry now: no visible event after it on any topic.
  [[nodiscard]] std::uint64_t latest_replay_id() const;
  /// When the next event that is still delayed becomes visible.
  [[nodiscard]] std::optional<std::int64_t> next_event_ms() const;
  [[nodiscard]] std::shared_ptr<const EventSchema> event_schema(std::string_view schema_id) const;
  /// The current schema of a single-entity topic; nothing for topics of several.
  [[nodiscard]] std::shared_ptr<const EventSchema> topic_schema(std::string_view topic) const;
  /// One row that a client writes, before it is: an Error refuses it as if the org had. Not asked for automation's and
  /// the simulator's own writes.
  struct RowWrite {
    std::string_view object;
    std::string_view operation;  ///< INSERT, UPDATE or DELETE (undelete and purge too)
    Transport transport = Transport::rows;
  };
  void set_row_fate(std::function<std::optional<Error>(const RowWrite&)> decide);
  void set_event_fate(std::function<EventFate(const ChangeEvent&)> decide);
  /// True for the topic of a platform event, the only ones that take events from outside.
  [[nodiscard]] bool can_publish(std::string_view topic) const;
  /// Publishes a platform event; its replay id. Errors concern this event only: unknown schema, a payload that does not
  /// match it, more than 1 MB, LIMIT_EXCEEDED. The topic must be one of can_publish().
  Outcome<std::uint64_t> publish(std::string_view topic, const PublishedEvent& event, const Writer& writer);
  /// Custom channels (event_channels.h): one definition or a list of them.
  Outcome<nlohmann::json> apply_channels(const nlohmann::json& definitions);
  [[nodiscard]] const EventChannels& channels() const;
  bool remove_channel(std::string_view name);
  [[nodiscard]] ManagedSubscriptions& subscriptions();
  /// All retained events go, as if they were out of retention.
  void expire_events();
  /// A stream reset: all events go and every replay id issued so far becomes invalid (§4.2).
  void reset_event_stream();

  struct Impl;

 private:
  friend class Transaction;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orgsim
