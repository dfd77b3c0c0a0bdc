// Which index the planner takes for what waits in the trigger log, while its statistics say that nothing waits
// (docs/decisions/0008).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/sql_files.h"
#include "postgres/store_fixture_test.h"

namespace duet::postgres {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LogPlans : public ::testing::Test {
 protected:
  LogPlans() {
    database_.app.execute(
        "ANALYZE salesforce._trigger_log; INSERT INTO salesforce._trigger_log (state, action, table_name, record_id, "
        "sfid) SELECT 'NEW', 'UPDATE', 'contact', i, '0030000' || lpad(i::text, 8, '0') FROM generate_series(1, 5000) "
        "AS i");
  }

  std::string plan(std::string_view sql, std::vector<Param> params) {
    const Rows rows = session_->query("EXPLAIN " + std::string(sql), std::move(params)).value();
    std::string text;
    for (std::size_t i = 0; i < rows.size(); ++i) text += std::string(rows.text(i, 0)) + "\n";
    return text;
  }

  StoreDatabase database_;
  std::unique_ptr<Session> session_ = Session::connect(database_.url, SessionRole::engine).value();
};

TEST_F(LogPlans, a_record_is_looked_up_and_not_searched_for) {
  const std::string sql = render_sql(sql_file("queries/read_log.sql"),
                                     {{"columns", "l.id"}, {"log", "salesforce._trigger_log"}, {"limit", "10001"}});
  const std::string read = plan(sql, {"1", "{4000,4001,4002}", "{003000000004000,003000000004001}", "contact"});
  EXPECT_THAT(read, AllOf(HasSubstr("duet_log_new_record"), HasSubstr("duet_log_new_sfid"))) << read;
  EXPECT_THAT(read, AllOf(HasSubstr("Index Cond: ((record_id = ANY ($0))"), Not(HasSubstr("_trigger_log_idx"))))
      << read;
}

TEST_F(LogPlans, the_oldest_come_from_an_index_in_their_order) {
  const std::string sql =
      render_sql(sql_file("queries/find_pending_log.sql"),
                 {{"key", "NULL"}, {"log", "salesforce._trigger_log"}, {"table", "salesforce.contact"}});
  const std::string found = plan(sql, {"contact", "1000"});
  EXPECT_THAT(found, AllOf(HasSubstr("Scan using duet_log_new on _trigger_log n"), Not(HasSubstr("_trigger_log_idx"))))
      << found;
}

}  // namespace
}  // namespace duet::postgres
