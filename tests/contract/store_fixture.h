#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/sample_mapping.h"
#include "ports/store.h"

namespace duet::test {

/// A store with one mapping, and what a test needs to play the app and to look behind the port.
class StoreFixture {
 public:
  virtual ~StoreFixture() = default;

  /// A `loaded` mapping; sample_mapping() but for its id.
  virtual const Mapping& mapping() const = 0;
  virtual ports::Store& store() = 0;

  // The app, each call a transaction of its own. What is captured follows Heroku Connect's rules.
  virtual std::int64_t app_insert(const FieldValues& values) = 0;
  virtual void app_update(std::int64_t row_id, const FieldValues& values) = 0;
  virtual void app_remove(std::int64_t row_id) = 0;

  virtual std::optional<Row> row(std::int64_t row_id) = 0;
  virtual std::vector<Row> rows() = 0;
  /// State of a log row, and how many there are in NEW.
  virtual LogState log_state(std::int64_t log_id) = 0;
  virtual std::size_t fresh_log_rows() = 0;
  /// Fields of the journal in the order of writing, as `field lost`.
  virtual std::vector<std::string> journal() = 0;
  /// Kinds of issues, as `kind state`.
  virtual std::vector<std::string> issues() = 0;
};

using StoreFixtureFactory = std::function<std::unique_ptr<StoreFixture>()>;

/// What every ports::Store does; its cases are in store_contract.h.
class StoreContract : public ::testing::TestWithParam<StoreFixtureFactory> {
 protected:
  static constexpr const char* kSfid = "003000000000001AAA";
  static constexpr const char* kOtherSfid = "003000000000002AAA";

  using Edit = std::function<void(Record&, RecordChange&)>;

  Record read(const RecordRef& ref) {
    auto transaction = store().begin().value();
    return transaction->lock(mapping(), {&ref, 1}).value().front();
  }

  /// Locks, edits and writes one record, and commits.
  std::vector<ports::WriteFailure> change(const RecordRef& ref, const Edit& edit) {
    return change(std::vector<RecordRef>{ref}, {edit});
  }

  std::vector<ports::WriteFailure> change(const std::vector<RecordRef>& refs, const std::vector<Edit>& edits) {
    auto transaction = store().begin().value();
    std::vector<Record> records = transaction->lock(mapping(), refs).value();
    std::vector<RecordChange> changes(refs.size());
    std::vector<ports::RecordWrite> writes;
    for (std::size_t i = 0; i < refs.size(); ++i) {
      edits[i](records[i], changes[i]);
      writes.push_back({&records[i], &changes[i]});
    }
    auto failures = transaction->write(mapping(), writes);
    EXPECT_TRUE(failures) << (failures ? "" : describe(failures.error()));
    if (!failures) return {};
    auto committed = transaction->commit();
    EXPECT_TRUE(committed) << (committed ? "" : describe(committed.error()));
    return *failures;
  }

  /// A row as an event of the org inserts it.
  std::int64_t insert_remote(const std::string& sfid, const FieldValues& values) {
    change({std::nullopt, sfid, {}}, [&](Record&, RecordChange& change) {
      change.row_action = RowAction::insert;
      change.set = values;
      change.set_sfid = sfid;
    });
    return read({std::nullopt, sfid, {}}).row.value().id;
  }

  void store_lane(const RecordRef& ref, const std::function<void(Lane&)>& edit) {
    change(ref, [&](Record& record, RecordChange& change) {
      edit(record.lane);
      change.lane_changed = true;
    });
  }

  static Attempt attempt(AttemptState state, TimeMs decided_at = 0, bool passed = false) {
    Attempt attempt;
    attempt.token = "token";
    attempt.state = state;
    attempt.decided_at = decided_at;
    attempt.passed = passed;
    attempt.fields["Phone"] = {Value(std::string("1")), Null{}, {1, 2}};
    return attempt;
  }

  std::vector<std::int64_t> pending_rows(TimeMs now, std::size_t limit = 100) {
    std::vector<std::int64_t> ids;
    const std::vector<RecordRef> refs = store().find_pending(mapping(), now, limit).value();
    for (const RecordRef& ref : refs) ids.push_back(ref.row_id.value_or(0));
    return ids;
  }

  ports::Store& store() { return fixture_->store(); }
  const Mapping& mapping() { return fixture_->mapping(); }
  StoreFixture& app() { return *fixture_; }

 private:
  std::unique_ptr<StoreFixture> fixture_ = GetParam()();
};

inline Value text(const char* value) { return std::string(value); }

}  // namespace duet::test
