#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/value.h"

namespace duet {

/// A field that the app changed and the org has not confirmed. The value is the row's; the lane keeps only the base
/// (design §5 rule 11).
struct PendingField {
  Value base;               ///< Absent when it cannot be known; such a base equals nothing
  TimeInterval changed_at;  ///< [captured, first seen committed], database clock

  bool operator==(const PendingField&) const = default;
};

/// A captured change that has been taken into the lane and is not yet part of an attempt.
struct PendingLog {
  std::int64_t log_id = 0;
  std::vector<std::string> fields;
  /// Of an ordered mapping only: what the change itself wrote, and when (design §5 rule 11).
  FieldValues values = {};
  TimeInterval changed_at = {};

  bool operator==(const PendingLog&) const = default;
};

enum class AttemptKind { create, update, remove };
enum class AttemptState { sent, accepted, unknown };

std::string_view name_of(AttemptKind kind);
std::string_view name_of(AttemptState state);
std::optional<AttemptKind> attempt_kind_from_name(std::string_view name);
std::optional<AttemptState> attempt_state_from_name(std::string_view name);

/// The app deleted the row; the org has the record still.
struct PendingDelete {
  std::int64_t log_id = 0;
  FieldValues old_values;
  TimeInterval changed_at;
  bool approved = false;  ///< a person let it through the mass-change breaker
  /// What the org may hold by our own doing, beside `old_values`: what was sent, and the bases of what was not.
  std::map<std::string, std::vector<Value>, std::less<>> ours = {};

  bool operator==(const PendingDelete&) const = default;
};

struct SentField {
  Value value;
  Value base;
  TimeInterval changed_at;

  bool operator==(const SentField&) const = default;
};

/// One send of a lane's pending changes that is not yet settled.
struct Attempt {
  std::string token;  ///< goes out as `Sforce-Call-Options: client=`
  AttemptKind kind = AttemptKind::update;
  AttemptState state = AttemptState::sent;
  std::map<std::string, SentField, std::less<>> fields;
  std::vector<PendingLog> log;
  std::optional<PendingDelete> removal;  ///< of a remove
  TimeMs row_stamp = 0;                  ///< the row's SystemModstamp at the claim: older events are history
  TimeMs sent_at = 0;                    ///< local clock
  TimeMs decided_at = 0;                 ///< local clock: when it became accepted or unknown
  bool passed = false;                   ///< the stream is known to have passed it; a read-back may settle it
  bool conditional = false;              ///< goes out alone with If-Unmodified-Since `row_stamp` (design §5 rule 5)

  bool operator==(const Attempt&) const = default;
};

/// A remote value that waits for the attempt before it.
struct HeldValue {
  Value value;
  TimeInterval changed_at;  ///< org clock
  std::string actor;
  /// False when the value may be older than the row was at the claim (the same second, seen after a restart).
  bool certain = true;
  /// Our own attempt's event said this, at a time when the row could not be touched: what was held before it, our write
  /// covered.
  bool own = false;

  bool operator==(const HeldValue&) const = default;
};

/// A field whose conflict waits for a person (policy `hold`): nothing of it goes out or comes in. The row has the app's
/// value.
struct FrozenField {
  Value base;                  ///< Absent when it cannot be known
  Value salesforce;            ///< what the org's side wrote
  Value org;                   ///< what the org holds now: not `salesforce` where a write of ours covered that unseen
  TimeInterval salesforce_at;  ///< org clock
  std::string actor;           ///< who wrote `salesforce`, as far as it is known
  TimeInterval postgres_at;    ///< database clock

  bool operator==(const FrozenField&) const = default;
};

/// Delete against update waits for a person (delete policy `hold`). The lane is parked with kDeleteHeld.
struct FrozenDelete {
  bool by_app = false;      ///< the app deleted the row and the org's record was changed; else the other way round
  FieldValues moved;        ///< by_app: what the org's record has that the app had not seen when it deleted the row
  TimeInterval deleted_at;  ///< clock of the side that deleted
  std::string actor;        ///< of the org's side, as far as it is known

  bool operator==(const FrozenDelete&) const = default;
};

inline constexpr const char* kDeleteHeld = "DELETE_HELD";

/// After a delete, events of the record do not insert (design §5 rule 10).
struct Tombstone {
  TimeMs until = 0;  ///< local clock
  bool operator==(const Tombstone&) const = default;
};

/// A read gave the row its version, and an event of the same second had come before: which of that second's later
/// events the read has seen is not known (design §5 rule 6).
struct ReadVersion {
  TimeMs stamp = 0;  ///< org clock
  TimeMs until = 0;  ///< local clock: forgotten after
  bool operator==(const ReadVersion&) const = default;
};

/// A record that must be read whole before anything else is believed about it.
struct Dirty {
  std::string reason;
  TimeMs since = 0;  ///< local clock
  int reads = 0;     ///< reads that could not be believed or applied

  bool operator==(const Dirty&) const = default;
};

/// The parent that the org does not have yet and that the record names by external id.
struct WaitsFor {
  std::string field;  ///< `Account.Ext__c`
  std::string key;

  bool operator==(const WaitsFor&) const = default;
};

/// Everything about one record that is on its way, in order. A record that rests has none.
struct Lane {
  /// Raised by every event, send and settlement: a read that began at another revision is not believed (design §5 rule
  /// 6).
  std::int64_t revision = 0;
  std::string sfid;         ///< as far as it is known
  std::string external_id;  ///< value of the upsert field as text
  std::optional<std::int64_t> row_id;

  std::string
      former_sfid;  ///< the Id before the record was deleted in the org and created anew; its events are history

  bool pending_create = false;
  bool key_checked =
      false;  ///< the external id was minted here, or looked up in the org: an upsert cannot hit a stranger
  std::map<std::string, PendingField, std::less<>> pending;
  std::vector<PendingLog> log;  ///< what `pending` was made of
  std::optional<PendingDelete> pending_delete;

  std::vector<Attempt> attempts;  ///< oldest first; at most one is `sent`, and then it is the last
  std::map<std::string, std::vector<HeldValue>, std::less<>> held;
  std::optional<Dirty> dirty;
  std::optional<Tombstone> tombstone;
  std::optional<ReadVersion> read_version;
  std::map<std::string, FrozenField, std::less<>> frozen;
  std::optional<FrozenDelete> frozen_delete;
  /// Local clock: when the org's side last moved the record while the lane had something on its way; 0 when it did not.
  TimeMs contested_at = 0;
  TimeMs not_before = 0;              ///< local clock: no claim before
  int rounds = 0;                     ///< tries in a row that ended on the same evidence
  std::string parked;                 ///< why nothing is sent until a person or a parent acts; empty when it may
  std::optional<WaitsFor> waits_for;  ///< parked until this parent is in the org

  bool operator==(const Lane&) const = default;

  /// Nothing is on its way: the lane need not be stored.
  bool empty() const;
  /// The attempt whose outcome is still awaited, or null.
  Attempt* in_flight();
  const Attempt* in_flight() const;
};

}  // namespace duet
