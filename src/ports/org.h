#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/change.h"
#include "model/lane.h"
#include "model/mapping.h"

namespace duet::ports {

struct OrgIdentity {
  std::string org_id;   ///< 18 characters
  std::string user_id;  ///< 18 characters: whose commits are ours
  std::string instance_url;
};

struct ObjectSummary {
  std::string name;
  std::string label;
  std::string key_prefix;
  bool queryable = false;
  bool createable = false;
  bool updateable = false;
  bool deletable = false;
  bool replicateable = false;
};

/// How far the org's clock is ahead of this machine's, ms, and by how much that may be wrong.
struct ClockOffset {
  TimeMs offset_ms = 0;
  TimeMs uncertainty_ms = 0;
};

/// Calls of the last 24 h as the org counts them.
struct ApiUsage {
  long used = 0;
  long allowed = 0;
};

/// How the records of one send() go out. Rows and collections of more than one call's worth are cut by the adapter.
enum class Transport {
  single_row,  ///< one call per record; carries the client token into the change event
  rows,        ///< single rows in composite requests of kCompositeRows, each its own transaction
  collection,
};

/// Subrequests per composite request (§2.5).
inline constexpr std::size_t kCompositeRows = 25;

/// Records per sObject Collections call (spec/salesforce-api.md §2.4).
inline constexpr std::size_t kCollectionSize = 200;
/// Sets of values per Org::read_by_match().
inline constexpr std::size_t kMatchSize = 100;
/// Records per send(): five collections go as one composite request, which counts as one call (§2.5).
inline constexpr std::size_t kSendLimit = 5 * kCollectionSize;

struct SendRecord {
  std::string sfid;         ///< update and remove go by Id
  std::string external_id;  ///< create is an upsert on it; empty when the mapping has no key
  FieldValues fields;       ///< absent fields are not spoken of; Null clears
  /// Updates that are not by collection only: 412 (as ErrorKind::not_found with code `PRECONDITION_FAILED`) when the
  /// record was modified later. Org clock.
  std::optional<TimeMs> if_unmodified_since = {};
};

struct SendBatch {
  AttemptKind kind = AttemptKind::update;
  Transport transport = Transport::collection;
  std::string token;  ///< `Sforce-Call-Options: client=`
  std::vector<SendRecord> records;
};

enum class Verdict { accepted, rejected, unknown, not_sent };

struct SendOutcome {
  Verdict verdict = Verdict::unknown;
  std::string sfid;  ///< accepted creates and upserts
  bool created = false;
  std::optional<Error> error;
};

/// A page of a poll or a read, ordered by (stamp, sfid).
struct ReadPage {
  std::vector<RecordRead> records;
  bool done = true;
};

struct DeletedRecord {
  std::string sfid;
  TimeMs deleted_at = 0;
};

struct DeletedPage {
  std::vector<DeletedRecord> records;
  TimeMs covered_until = 0;  ///< latestDateCovered
};

/// The bytes of one Bulk query, page after page: CSV, the header row only once at the start.
class BulkReader {
 public:
  virtual ~BulkReader() = default;
  /// The next bytes, valid until the next call; empty at the end. Blocks while the job runs or the page comes.
  virtual Result<std::string_view> read() = 0;
  /// numberRecordsProcessed of the finished job, once known.
  virtual std::optional<long> record_count() const = 0;
};

/// The org's API. One instance per worker; one thread at a time. Every call has a deadline.
class Org {
 public:
  virtual ~Org() = default;

  virtual Result<OrgIdentity> identity() = 0;
  virtual Result<std::vector<ObjectSummary>> list_objects() = 0;
  virtual Result<ObjectSchema> describe(const std::string& object) = 0;
  /// Whether the object has a change event that the user may subscribe to; false is an answer, not an error.
  virtual Result<bool> has_change_events(const std::string& object) = 0;
  virtual ClockOffset clock_offset() = 0;
  virtual std::optional<ApiUsage> api_usage() = 0;

  /// Never fails as a whole: one outcome per record, in order. Whole-call failures are told per record,
  /// `unknown` unless it is certain that the request did not leave (`not_sent`) or was refused (`rejected`).
  virtual std::vector<SendOutcome> send(const Mapping& mapping, const SendBatch& batch) = 0;

  /// Reads records by Id (at most 2,000); those that are deleted, gone or invisible come back with `deleted` set.
  virtual Result<std::vector<RecordRead>> read(const Mapping& mapping, std::span<const std::string> sfids) = 0;
  /// Reads by the mapping's upsert field (at most 200 keys). A key that is not there is left out; several records may
  /// share one.
  virtual Result<std::vector<RecordRead>> read_by_key(const Mapping& mapping, std::span<const std::string> keys) = 0;

  /// Reads records whose mapping.match fields have one of these sets of values (at most 100). What no record has is
  /// left out; several may have the same.
  virtual Result<std::vector<RecordRead>> read_by_match(const Mapping& mapping,
                                                        std::span<const FieldValues> wanted) = 0;

  /// Records with stamp in [from, to) after (after_stamp = from, after_id), ordered by (SystemModstamp, Id), at most
  /// 2,000; deleted ones included.
  virtual Result<ReadPage> changed(const Mapping& mapping, TimeMs from, TimeMs to, const std::string& after_id) = 0;
  virtual Result<DeletedPage> deleted(const Mapping& mapping, TimeMs from, TimeMs to) = 0;
  virtual Result<long> count(const Mapping& mapping) = 0;

  /// Starts a Bulk 2.0 query of all mapped fields of records that are not deleted; columns in the order of
  /// mapping.fields.
  virtual Result<std::unique_ptr<BulkReader>> bulk_query(const Mapping& mapping) = 0;
};

}  // namespace duet::ports
