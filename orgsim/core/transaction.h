#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/write_input.h"
#include "orgsim/core/writer.h"

namespace orgsim {

class Org;
struct Record;

/// The outcome of one record (spec §2.3, §2.4). Never trust `id` or `created` when `success` is false: as in the real
/// org, rolled-back records keep them.
struct SaveResult {
  std::string id = {};  ///< 18 characters, or empty
  bool success = false;
  bool created = false;
  std::vector<Error> errors = {};
  /// Upsert whose key matches several records: their ids. REST rows answer 300 with these; `errors` then holds
  /// DUPLICATE_EXTERNAL_ID for transports that have no 300.
  std::vector<std::string> candidates = {};
};

struct CommitResult {
  bool changed = false;  ///< false: nothing was written, no commit number was used
  std::uint64_t commit_number = 0;
  std::int64_t commit_ms = 0;
  std::string transaction_key = {};
};

/// Conditions of one update (spec §2.3, conditional requests).
struct UpdateOptions {
  /// If-Unmodified-Since in ms: PRECONDITION_FAILED when the record's LastModifiedDate is later.
  std::optional<std::int64_t> if_unmodified_since_ms = std::nullopt;
};

struct UpsertOptions {
  bool update_only = false;  ///< ?updateOnly=true: NOT_FOUND instead of an insert
};

/// What a merge did; `result` names the winner.
struct MergeResult {
  SaveResult result;
  std::vector<std::string> merged = {};   ///< the losers, now deleted
  std::vector<std::string> related = {};  ///< records that point to the winner instead
};

/// What becomes of a lead: new records, unless an account or contact is named.
struct LeadConversion {
  std::string lead_id;
  std::string status = {};  ///< empty: Closed - Converted
  std::string account_id = {};
  std::string contact_id = {};
  std::string opportunity_name = {};  ///< empty: the lead's company
  bool create_opportunity = true;
};

struct ConvertResult {
  SaveResult result;
  std::string account_id = {};
  std::string contact_id = {};
  std::string opportunity_id = {};
};

/// What an upsert's key matched when it was looked up. Real upserts look up first and insert later (spec §5, the race
/// model): keep one of these across another transaction's commit to play the race.
struct UpsertTarget {
  std::vector<std::string> ids;
};

/// One Salesforce transaction: statements run at once against the committed state plus this transaction's own writes;
/// others see nothing until commit(). Stamps are taken when a statement runs, so a late commit shows old stamps
/// (§0.10). Rows touched stay locked until the end: another transaction's write to them fails with UNABLE_TO_LOCK_ROW.
/// A failed statement leaves no trace. Destruction rolls back. Must not outlive its Org.
class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  /// A platform event is published at commit; its result succeeds with OPERATION_ENQUEUED in `errors`.
  SaveResult insert(std::string_view object, const RecordInput& input);
  /// `id` may have 15 or 18 characters. A write that changes no field succeeds, moves no stamp and has no event.
  SaveResult update(std::string_view object, std::string_view id, const RecordInput& input, const UpdateOptions& = {});

  /// Upsert by external id, by another idLookup field, or by "Id" (then an update). The key is `key`, or the field's
  /// value inside `input` when `key` is null.
  SaveResult upsert(std::string_view object, std::string_view key_field, const Value& key, const RecordInput& input,
                    const UpsertOptions& = {});
  [[nodiscard]] Outcome<UpsertTarget> find_upsert_target(std::string_view object, std::string_view key_field,
                                                         const Value& key) const;
  /// The second half of an upsert: update the one record found, or insert. A key taken since gives DUPLICATE_VALUE.
  SaveResult upsert_at(const UpsertTarget& target, std::string_view object, std::string_view key_field,
                       const Value& key, const RecordInput& input, const UpsertOptions& = {});

  /// Soft delete with cascade to master-detail children; lookups of other children are cleared. ENTITY_IS_DELETED
  /// twice.
  SaveResult remove(std::string_view object, std::string_view id);
  /// Removes for good, from live or from the recycle bin; no change event (§0.7).
  SaveResult purge(std::string_view object, std::string_view id);
  /// Out of the recycle bin, with the children its delete took along.
  SaveResult undelete(std::string_view object, std::string_view id);

  /// A record as this transaction sees it, its own writes included; the errors are those of Org::find.
  [[nodiscard]] Outcome<Record> find(std::string_view object, std::string_view id) const;

  /// Moves the losers' children to the winner, writes `fields` to it and deletes the losers with its id as their
  /// MasterRecordId. One or two losers, mergeable objects only (spec §6.4).
  MergeResult merge(std::string_view object, std::string_view winner, const std::vector<std::string>& losers,
                    const RecordInput& fields);
  ConvertResult convert_lead(const LeadConversion& wanted);

  /// How long automation keeps the transaction open: whoever serves it waits so long before commit().
  [[nodiscard]] std::int64_t service_ms() const;

  /// A savepoint and the way back to it, for allOrNone and composite requests.
  [[nodiscard]] std::size_t savepoint() const;
  void roll_back_to(std::size_t savepoint);

  /// Makes the writes visible, writes history and events. The transaction is over afterwards.
  CommitResult commit();
  void roll_back();
  [[nodiscard]] bool open() const;
  /// When the first statement ran, in ms; nothing before it. getUpdated's latestDateCovered stops there.
  [[nodiscard]] std::optional<std::int64_t> started_ms() const;

  struct State;

 private:
  friend class Org;
  explicit Transaction(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

enum class Operation : std::uint8_t { insert, update, upsert, remove, purge, undelete };

/// One record of a batch. `object` comes from the request or the record.
struct BatchRecord {
  std::string object;
  RecordInput input;
};

/// sObject Collections and bulk chunks (§2.4): runs the records in order in one transaction. With `all_or_none` and a
/// failure everything is rolled back and the others say ALL_OR_NONE_OPERATION_ROLLED_BACK, keeping id and created
/// (§0.13). A record named twice in one update or upsert batch fails the second time with DUPLICATE_VALUE. The caller
/// commits. An upsert's `targets`, one per record, are what an earlier look-up found.
[[nodiscard]] std::vector<SaveResult> write_batch(Transaction& transaction, Operation operation,
                                                  std::span<const BatchRecord> records, bool all_or_none,
                                                  std::string_view key_field = {},
                                                  std::span<const std::optional<UpsertTarget>> targets = {});

/// What the keys of an upsert's records match now, for playing the race of spec §5: nothing where a record is wrong or
/// goes by Id.
[[nodiscard]] std::vector<std::optional<UpsertTarget>> find_upsert_targets(const Transaction& transaction,
                                                                           std::span<const BatchRecord> records,
                                                                           std::string_view key_field);

}  // namespace orgsim
