#include "salesforce/rest_error.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

std::string body(std::string_view code, std::string_view message = "m") {
  return R"([{"message":")" + std::string(message) + R"(","errorCode":")" + std::string(code) + R"(","fields":[]}])";
}

TEST(RestError, segment_flaw_13_the_code_decides_and_not_the_status) {
  EXPECT_EQ(error_of_code("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", 400).kind, ErrorKind::row_locked);
  EXPECT_EQ(error_of_code("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403).kind, ErrorKind::throttled);
  EXPECT_EQ(error_of_code("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", 403).retry_after_ms,
            2'000);
  EXPECT_EQ(
      error_of_code("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: System.LimitException: Too many SOQL queries: 101")
          .kind,
      ErrorKind::throttled);
  EXPECT_EQ(error_of_code("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: execution of BeforeUpdate caused by: x").kind,
            ErrorKind::rejected);
  EXPECT_EQ(error_of_code("LIMIT_EXCEEDED", "x").kind, ErrorKind::rejected);
  EXPECT_EQ(error_of_code("LIMIT_EXCEEDED", "x", 403).kind, ErrorKind::throttled);
  EXPECT_EQ(error_of_code("OPERATION_TOO_LARGE", "x", 403).kind, ErrorKind::rejected);
}

TEST(RestError, goes_by_the_code_and_not_by_the_status) {
  struct Case {
    int status;
    const char* code;
    const char* message;
    ErrorKind kind;
  };
  for (const Case& c : {
           Case{400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", ErrorKind::row_locked},
           Case{400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                "T: execution of BeforeUpdate caused by: UNABLE_TO_LOCK_ROW, x", ErrorKind::row_locked},
           Case{400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: System.NullPointerException", ErrorKind::rejected},
           Case{400, "DUPLICATE_VALUE", "duplicate value found", ErrorKind::duplicate},
           Case{400, "DUPLICATES_DETECTED", "Use one of these records?", ErrorKind::rejected},
           Case{404, "ENTITY_IS_DELETED", "entity is deleted", ErrorKind::deleted},
           Case{404, "NOT_FOUND", "The requested resource does not exist", ErrorKind::not_found},
           Case{404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ErrorKind::not_found},
           Case{400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ErrorKind::rejected},
           Case{400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ErrorKind::rejected},
           Case{400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "no", ErrorKind::rejected},
           Case{400, "STRING_TOO_LONG", "Name: data value too large", ErrorKind::rejected},
           Case{400, "INVALID_FIELD", "No such column 'X' on sobject of type Account", ErrorKind::schema_changed},
           Case{400, "INVALID_FIELD", "Foreign key external ID: a-1 not found for field Ext__c in entity Account",
                ErrorKind::rejected},
           Case{400, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: CreatedById",
                ErrorKind::schema_changed},
           Case{403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", ErrorKind::throttled},
           Case{403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights", ErrorKind::forbidden},
           Case{400, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights", ErrorKind::forbidden},
           Case{401, "INVALID_SESSION_ID", "Session expired or invalid", ErrorKind::auth_expired},
           Case{403, "TXN_SECURITY_METERING_ERROR", "took too long", ErrorKind::throttled},
           Case{503, "SERVER_UNAVAILABLE", "Server Unavailable", ErrorKind::network},
           Case{400, "QUERY_TIMEOUT", "running for too long", ErrorKind::timeout},
           Case{400, "SOMETHING_NEW", "m", ErrorKind::rejected},
           Case{500, "SOMETHING_NEW", "m", ErrorKind::network},
       }) {
    Error error = error_of_answer(c.status, body(c.code, c.message));
    EXPECT_EQ(error.kind, c.kind) << c.code << " " << c.status;
    EXPECT_EQ(error.code, c.code);
    EXPECT_EQ(error.message, c.message);
  }
}

TEST(RestError, backs_off_by_the_limit_that_was_met) {
  EXPECT_EQ(error_of_answer(403, body("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")).retry_after_ms,
            5'000);
  EXPECT_EQ(error_of_answer(
                403, body("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."))
                .retry_after_ms,
            2'000);
}

TEST(RestError, reads_answers_without_a_code) {
  EXPECT_EQ(error_of_answer(503, "<html><body>Down for maintenance</body></html>").kind, ErrorKind::network);
  EXPECT_EQ(error_of_answer(503, "<html>secret</html>").message.find("secret"), std::string::npos);
  EXPECT_EQ(error_of_answer(406, "").kind, ErrorKind::throttled);
  EXPECT_EQ(error_of_answer(420, "").kind, ErrorKind::throttled);
  EXPECT_EQ(error_of_answer(429, "").kind, ErrorKind::throttled);
  EXPECT_EQ(error_of_answer(401, "").kind, ErrorKind::auth_expired);
  EXPECT_EQ(error_of_answer(403, "Bad_OAuth_Token").kind, ErrorKind::auth_expired);
  EXPECT_EQ(error_of_answer(400, "[]").kind, ErrorKind::rejected);
  EXPECT_EQ(error_of_answer(400, "[7]").code, "HTTP 400");
  EXPECT_EQ(error_of_answer(400, R"({"error":"invalid_request","error_description":"d"})").message, "d");
}

TEST(RestError, a_failed_condition_has_its_own_code) {
  for (const std::string& answer : {std::string(), body("PRECONDITION"), std::string("[]")}) {
    Error error = error_of_answer(412, answer);
    EXPECT_EQ(error.kind, ErrorKind::not_found);
    EXPECT_EQ(error.code, "PRECONDITION_FAILED");
  }
}

TEST(RestError, bounds_the_orgs_message) {
  EXPECT_EQ(error_of_code("X", std::string(50'000, 'a')).message.size(), 1'000u);
}

}  // namespace
}  // namespace duet::salesforce
