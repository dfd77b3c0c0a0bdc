#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "orgsim/core/org_state.h"
#include "orgsim/core/transaction.h"

namespace orgsim {

/// A record as an open transaction has it. Values are by field index; those that the packed row does not hold (Id,
/// IsDeleted, SystemModstamp) stay null here.
struct PendingRow {
  bool inserted = false;
  RowState before_state = RowState::absent;
  RowState state = RowState::live;
  std::uint32_t stamp = 0;
  std::vector<Value> before;
  std::vector<Value> after;
  bool silent = false;  ///< purged: no event
};

struct Assignment {
  const FieldDef* field = nullptr;
  Value value;
};

/// The inside of a Transaction: an overlay of changed rows above the committed tables, with an undo list for
/// savepoints.
struct Transaction::State {
  State(Org::Impl& owner, Writer who);
  ~State();

  // Reading through the overlay (transaction_state.cpp).
  [[nodiscard]] RowState state_of(RowKey key) const;
  [[nodiscard]] Value current(RowKey key, const FieldDef& field) const;
  /// Live records whose field equals the value, as an index compares; in slot order.
  [[nodiscard]] std::vector<std::uint32_t> find(const ObjectDef& object, const FieldDef& field,
                                                const Value& value) const;

  // Permissions of the writer (transaction_access.cpp).
  /// The object, if the writer may see it; NOT_FOUND otherwise. Permissions are read anew with each statement.
  Outcome<const ObjectDef*> object(std::string_view name);
  /// The object as the writer sees it: which fields there are, and which can be written. Automation sees everything.
  [[nodiscard]] const ObjectDef& seen(const ObjectDef& object) const;
  [[nodiscard]] RecordAccess record_access(const ObjectDef& object, RowKey key) const;
  /// What the fault plan says to the next row.
  [[nodiscard]] Outcome<void> row_fate(const ObjectDef& object, std::string_view operation) const;
  [[nodiscard]] Outcome<void> may_create(const ObjectDef& object) const;
  [[nodiscard]] Outcome<void> may_write(const ObjectDef& object, RowKey key, bool ObjectAccess::* permission) const;

  // Writing to the overlay.
  Outcome<void> lock(RowKey key);
  /// The row for changing; its present state is remembered for undo. The row must be locked or new.
  PendingRow& touch(RowKey key);
  void roll_back_to(std::size_t savepoint);
  /// Notes that the row now has this value in a looked-up field, so that find() sees it.
  void note_key(const ObjectDef& object, const FieldDef& field, const Value& value, RowKey key);
  void stamp(PendingRow& row, const ObjectDef& object);

  // Statements (record_save.cpp, record_upsert.cpp, record_delete.cpp).
  Outcome<RowKey> target(const ObjectDef& object, std::string_view id, bool want_deleted = false) const;
  Outcome<std::vector<Assignment>> resolve(const ObjectDef& object, const RecordInput& input, bool insert) const;
  Outcome<Value> resolve_parent(const ObjectDef& object, const FieldDef& field, const ParentKey& key) const;
  Outcome<std::string> insert(const ObjectDef& object, const RecordInput& input);
  /// A new row with the platform's own fields and these.
  Outcome<std::string> insert_row(const ObjectDef& object, const std::vector<Assignment>& assignments);
  /// A ContentVersion and what becomes of its document (content_files.cpp).
  Outcome<std::string> insert_version(const ObjectDef& object, std::vector<Assignment> assignments);
  Outcome<void> update(const ObjectDef& object, std::string_view id, const RecordInput& input,
                       const UpdateOptions& options);
  Outcome<void> save(const ObjectDef& object, RowKey key, const std::vector<Assignment>& assignments,
                     Operation operation);
  Outcome<void> run_rules(const ObjectDef& object, RowKey key, PendingRow& row, Operation operation);
  Outcome<void> check(const ObjectDef& object, RowKey key, const PendingRow& row);

  // Parents and automation (parent_locks.cpp, automation_run.cpp).
  Outcome<void> lock_parents(const ObjectDef& object, const PendingRow& row, Operation operation);
  Outcome<void> lock_parent(const Value& id);
  Outcome<void> automate_before(const ObjectDef& object, RowKey key, PendingRow& row, Operation operation);
  Outcome<void> check_duplicates(const ObjectDef& object, RowKey key, const PendingRow& row);
  Outcome<void> automate_after(const ObjectDef& object, RowKey key, Operation operation);
  Outcome<void> run_after_rules(const ObjectDef& object, RowKey key, Operation operation);
  Outcome<void> run_write(const ObjectDef& object, RowKey key, const AutomationRule& rule, Operation operation,
                          const std::vector<Value>& before, const std::vector<Value>& after);
  Outcome<void> roll_up(const AutomationRule& rule, const Value& parent_id);
  Outcome<void> check_unique(const ObjectDef& object, RowKey key, const FieldDef& field, const Value& value);
  Outcome<void> check_reference(const FieldDef& field, const Value& value) const;
  static Outcome<void> check_record_type(const ObjectDef& object, const Value& value);
  Outcome<const FieldDef*> key_field(const ObjectDef& object, std::string_view name) const;
  Outcome<void> remove(const ObjectDef& object, std::uint32_t slot, bool purge, int depth);
  Outcome<void> detach_children(const ObjectDef& object, std::uint32_t slot, bool purge, int depth);
  Outcome<void> undelete(const ObjectDef& object, std::uint32_t slot, int depth);

  // Identity moves (record_merge.cpp).
  Outcome<MergeResult> merge(const ObjectDef& object, std::string_view winner, const std::vector<std::string>& losers,
                             const RecordInput& fields);
  /// Makes everything that points to the one point to the other; the ids of what was changed.
  Outcome<std::vector<std::string>> repoint(const ObjectDef& object, const std::string& loser,
                                            const std::string& winner);
  Outcome<ConvertResult> convert(const LeadConversion& wanted);

  // The end (transaction_commit.cpp).
  CommitResult commit();
  void close();

  /// Runs one statement: notes the start, and leaves no trace of a failed one.
  template <typename Body>
  auto statement(Body body) {
    if (!started_ms) started_ms = org.now();
    const std::size_t savepoint = undo.size();
    const std::int64_t service_before = service_ms;
    auto outcome = body();
    if (!outcome) {
      roll_back_to(savepoint);
      service_ms = service_before;
    }
    return outcome;
  }

  struct Undo {
    RowKey key = 0;
    std::optional<PendingRow> before;  // nothing: the row was not in the overlay
  };

  Org::Impl& org;
  Writer writer;
  std::shared_ptr<const UserView> view;
  bool open = true;
  std::optional<std::int64_t> started_ms;
  std::unordered_map<RowKey, PendingRow> rows;
  std::vector<RowKey> order;  // first touch; commit and events follow it
  std::vector<Undo> undo;
  std::unordered_multimap<std::string, RowKey> keys;  // may be stale: readers check the row
  std::vector<std::string> unique_keys;               // entries of org.unique_keys to take back at the end
  std::vector<RowKey> locked;
  int automation_depth = 0;
  std::int64_t service_ms = 0;
};

/// Fields that the platform sets from others: person names, stages and closed flags, auto-numbers (derived_fields.cpp).
/// `spoken` tells which fields the caller wrote itself.
void derive_fields(Org::Impl& org, const ObjectDef& object, RowKey key, PendingRow& row,
                   const std::vector<bool>& spoken);

}  // namespace orgsim
