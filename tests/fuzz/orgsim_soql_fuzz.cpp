// Any text as SOQL against a small org: an error or rows, which can be shown, whole and by a Bulk query's cells.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "orgsim/core/org.h"

namespace {

using namespace orgsim;

std::string made(Transaction& transaction, std::string_view object, const char* body) {
  return transaction.insert(object, *record_input(nlohmann::json::parse(body))).id;
}

Org& small_org() {
  static Org org;
  static const bool filled = [] {
    Transaction transaction = org.begin({});
    const std::string account =
        made(transaction, "Account",
             R"({"Name":"A","NumberOfEmployees":3,"AnnualRevenue":2,"Rating":"Hot","BillingCity":"Bonn"})");
    made(transaction, "Account", (R"({"Name":"B","ParentId":")" + account + R"("})").c_str());
    const std::string contact =
        made(transaction, "Contact",
             (R"({"LastName":"L","Birthdate":"2000-02-29","AccountId":")" + account + R"("})").c_str());
    made(transaction, "Task",
         (R"({"Subject":"s","WhatId":")" + account + R"(","WhoId":")" + contact + R"("})").c_str());
    transaction.commit();
    return true;
  }();
  (void)filled;
  return org;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view soql(reinterpret_cast<const char*>(data), size);
  auto cursor = small_org().query(soql, {.include_deleted = size % 2 == 1});
  if (!cursor) return 0;
  std::size_t bytes = 0;
  while (cursor->next()) {
    bytes += cursor->cells().size();
    // Names in a query may be no UTF-8, for which dump() has a handler; a name that the org does not know is no column.
    bytes += cursor->record_json("62.0").dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).size();
  }
  return bytes > 100'000'000 ? 1 : 0;
}
