#include "contract/store_contract.h"

#include "postgres/store_fixture_test.h"

namespace duet::test {
namespace {

class PgStoreFixture final : public StoreFixture {
 public:
  const Mapping& mapping() const override { return database_.mapping; }
  ports::Store& store() override { return store_; }

  std::int64_t app_insert(const FieldValues& values) override { return database_.app_insert(values); }
  void app_update(std::int64_t row_id, const FieldValues& values) override {
    database_.app.execute(
        fmt::format("UPDATE salesforce.contact SET {} WHERE id = {}", database_.assignments(values), row_id));
  }
  void app_remove(std::int64_t row_id) override {
    database_.app.execute(fmt::format("DELETE FROM salesforce.contact WHERE id = {}", row_id));
  }

  std::optional<Row> row(std::int64_t row_id) override {
    for (Row& row : rows()) {
      if (row.id == row_id) return std::move(row);
    }
    return std::nullopt;
  }

  std::vector<Row> rows() override {
    std::vector<Row> rows;
    for (const auto& hstore : database_.app.rows("SELECT hstore(c.*) FROM salesforce.contact c ORDER BY id")) {
      const codec::Hstore columns = codec::parse_hstore(*hstore[0]).value();
      Row row;
      row.id = std::stoll(*columns.at("id"));
      row.sfid = columns.at("sfid").value_or("");
      row.last_op = columns.at("_hc_lastop").value_or("");
      for (const MappedField& field : mapping().fields) {
        if (field.schema.type == FieldType::id) continue;
        const auto& text = columns.at(field.column);
        row.values[field.schema.name] = text ? codec::from_postgres(field.schema.type, *text) : Value(Null{});
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

  LogState log_state(std::int64_t log_id) override {
    static const std::map<std::string, LogState> kStates{{"NEW", LogState::fresh},       {"PENDING", LogState::pending},
                                                         {"SUCCESS", LogState::success}, {"MERGED", LogState::merged},
                                                         {"IGNORED", LogState::ignored}, {"FAILED", LogState::failed}};
    return kStates.at(
        database_.app.value(fmt::format("SELECT state FROM salesforce._trigger_log WHERE id = {}", log_id)));
  }
  std::size_t fresh_log_rows() override {
    return std::stoul(database_.app.value("SELECT count(*) FROM salesforce._trigger_log WHERE state = 'NEW'"));
  }

  std::vector<std::string> journal() override {
    return texts("SELECT field || ' ' || (lost #>> '{}') FROM duet.journal ORDER BY id");
  }
  std::vector<std::string> issues() override {
    return texts("SELECT kind || ' ' || state FROM duet.issue ORDER BY id");
  }

 private:
  std::vector<std::string> texts(const std::string& sql) {
    std::vector<std::string> texts;
    for (const auto& row : database_.app.rows(sql)) texts.push_back(row[0].value());
    return texts;
  }

  postgres::StoreDatabase database_;
  postgres::PgStore store_{database_.options()};
};

std::unique_ptr<StoreFixture> make() { return std::make_unique<PgStoreFixture>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract, ::testing::Values(StoreFixtureFactory(make)));
INSTANTIATE_TEST_SUITE_P(Postgres, StaleContract, ::testing::Values(StoreFixtureFactory(make)));

}  // namespace
}  // namespace duet::test
