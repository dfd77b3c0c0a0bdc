#include "salesforce/bulk_query.h"

#include <atomic>

#include <gtest/gtest.h>

#include "salesforce/scripted_server_test.h"

namespace duet::salesforce {
namespace {

/// A job of three pages: the second breaks twice in its midst.
class JobServer {
 public:
  JobServer()
      : server([this](const httplib::Request& request, httplib::Response& response) { answer(request, response); }) {}

  std::atomic<int> polls{0}, page_2_tries{0}, deleted{0};
  std::atomic<bool> fails{false}, never_ends{false};
  ScriptedServer server;

  static std::string rows(int from, int to) {
    std::string csv = "\"Id\",\"Name\"\n";
    for (int i = from; i < to; ++i)
      csv += "\"" + std::to_string(i) + "\",\"Name, \"\"quoted\"\"\n" + std::string(50, 'x') + "\"\n";
    return csv;
  }

 private:
  void answer(const httplib::Request& request, httplib::Response& response) {
    if (request.method == "POST")
      return response.set_content(R"({"id":"7504W00000abcdeQAA","state":"UploadComplete"})", "application/json");
    if (request.method == "DELETE") {
      ++deleted;
      response.status = 204;
      return;
    }
    if (request.path.find("/results") == std::string::npos) {
      bool done = ++polls >= 3 && !never_ends;
      std::string state = !done ? "InProgress" : fails ? "Failed" : "JobComplete";
      return response.set_content(
          R"({"state":")" + state + R"(","numberRecordsProcessed":9000,"errorMessage":"InvalidBatch : no such field"})",
          "application/json");
    }
    std::string locator = request.get_param_value("locator");
    int page = locator.empty() ? 0 : std::stoi(locator);
    response.set_header("Sforce-Locator", page == 2 ? "null" : std::to_string(page + 1));
    response.set_header("Sforce-NumberOfRecords", "3000");
    std::string csv = rows(page * 3'000, page * 3'000 + 3'000);
    if (page != 1 || ++page_2_tries > 2) return response.set_content(csv, "text/csv");
    std::size_t broken = csv.size() / 3 * static_cast<std::size_t>(page_2_tries.load());
    response.set_content_provider(csv.size(), "text/csv",
                                  [csv, broken](std::size_t offset, std::size_t, httplib::DataSink& sink) {
                                    if (offset >= broken) return false;
                                    sink.write(csv.data() + offset, broken - offset);
                                    return true;
                                  });
  }
};

Result<std::string> read_all(ports::BulkReader& reader) {
  std::string all;
  for (;;) {
    std::string_view bytes = DUET_TRY(reader.read());
    if (bytes.empty()) return all;
    all += bytes;
  }
}

TEST(BulkQuery, joins_the_pages_and_goes_on_after_a_broken_one) {
  JobServer job;
  RestClient client(std::make_shared<Session>(job.server.settings()));
  {
    auto reader = start_bulk_query(client, "SELECT Id,Name FROM Account");
    ASSERT_TRUE(reader) << describe(reader.error());
    auto csv = read_all(**reader);
    ASSERT_TRUE(csv) << describe(csv.error());
    EXPECT_EQ(*csv, JobServer::rows(0, 9'000));
    EXPECT_EQ((*reader)->record_count(), 9'000);
    EXPECT_EQ((*reader)->read()->size(), 0u);
  }
  EXPECT_EQ(job.page_2_tries, 3);
  EXPECT_EQ(job.deleted, 1);
}

TEST(BulkQuery, says_why_a_job_failed) {
  JobServer job;
  job.fails = true;
  RestClient client(std::make_shared<Session>(job.server.settings()));
  auto reader = start_bulk_query(client, "SELECT Id FROM Account");
  ASSERT_TRUE(reader);
  auto csv = read_all(**reader);
  ASSERT_FALSE(csv);
  EXPECT_EQ(csv.error().code, "JOB_Failed");
  EXPECT_NE(csv.error().message.find("no such field"), std::string::npos);
}

TEST(BulkQuery, can_be_left_while_the_job_runs) {
  JobServer job;
  job.never_ends = true;
  RestClient client(std::make_shared<Session>(job.server.settings()));
  {
    auto reader = start_bulk_query(client, "SELECT Id FROM Account");
    ASSERT_TRUE(reader);
    while (job.polls < 2) std::this_thread::yield();
  }
  EXPECT_EQ(job.deleted, 1);
}

TEST(BulkQuery, tells_at_once_when_the_query_is_refused) {
  ScriptedServer server([](const httplib::Request&, httplib::Response& response) {
    response.status = 400;
    response.set_content(R"([{"errorCode":"INVALIDENTITY","message":"Entity 'X' is not supported by the Bulk API."}])",
                         "application/json");
  });
  RestClient client(std::make_shared<Session>(server.settings()));
  auto reader = start_bulk_query(client, "SELECT Id FROM X");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, "INVALIDENTITY");
}

}  // namespace
}  // namespace duet::salesforce
