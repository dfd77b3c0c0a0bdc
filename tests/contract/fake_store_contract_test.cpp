#include "contract/store_contract.h"

#include "../simulation/fake_store.h"

namespace duet::test {
namespace {

std::string words(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : std::string();
}

class FakeStoreFixture final : public StoreFixture {
 public:
  const Mapping& mapping() const override { return mapping_; }
  ports::Store& store() override { return store_; }

  std::int64_t app_insert(const FieldValues& values) override { return store_.app_insert(values); }
  void app_update(std::int64_t row_id, const FieldValues& values) override { store_.app_update(row_id, values); }
  void app_remove(std::int64_t row_id) override { store_.app_remove(row_id); }

  std::optional<Row> row(std::int64_t row_id) override {
    auto found = store_.database().rows.find(row_id);
    if (found == store_.database().rows.end()) return std::nullopt;
    return found->second;
  }
  std::vector<Row> rows() override {
    std::vector<Row> rows;
    for (const auto& [id, row] : store_.database().rows) rows.push_back(row);
    return rows;
  }
  LogState log_state(std::int64_t log_id) override {
    auto found =
        std::ranges::find_if(store_.database().log, [&](const auto& row) { return row.captured.log_id == log_id; });
    return found->state;
  }
  std::size_t fresh_log_rows() override {
    return static_cast<std::size_t>(
        std::ranges::count_if(store_.database().log, [](const auto& row) { return row.state == LogState::fresh; }));
  }
  std::vector<std::string> journal() override {
    std::vector<std::string> entries;
    for (const JournalEntry& entry : store_.database().journal)
      entries.push_back(entry.field + " " + words(entry.lost));
    return entries;
  }
  std::vector<std::string> issues() override {
    std::vector<std::string> issues;
    for (const Issue& issue : store_.database().issues) issues.push_back(issue.kind + " " + issue.state);
    return issues;
  }

 private:
  Mapping mapping_ = sample_mapping();
  simulation::SimClock clock_{1'769'853'600'000};
  simulation::SimRandom random_{1};
  simulation::FakeStore store_{mapping_, clock_, random_};
};

std::unique_ptr<StoreFixture> make() { return std::make_unique<FakeStoreFixture>(); }

INSTANTIATE_TEST_SUITE_P(Fake, StoreContract, ::testing::Values(StoreFixtureFactory(make)));
INSTANTIATE_TEST_SUITE_P(Fake, StaleContract, ::testing::Values(StoreFixtureFactory(make)));

}  // namespace
}  // namespace duet::test
