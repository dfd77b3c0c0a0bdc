// Any bytes as the JSON body of a write and of the control calls: an error, or a record that is written and can be
// shown.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "orgsim/core/org.h"
#include "orgsim/server/bulk_rows.h"
#include "orgsim/server/json_answer.h"

namespace {

using namespace orgsim;

void write(Org& org, const nlohmann::json& body) {
  const auto record = record_input(body);
  if (!record) return;
  Transaction transaction = org.begin({});
  for (const char* object : {"Account", "Contact", "Opportunity"}) {
    const SaveResult saved = transaction.insert(object, *record);
    for (const Error& error : saved.errors) (void)json_text(nlohmann::json{{"message", error.message}});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Org org;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto body = parse_json(text);
  if (!body) return 0;
  (void)json_text(*body);
  write(org, *body);
  if (body->is_array()) {
    auto rows = open_bulk_rows(text, {.kind = BulkFormat::Kind::json});
    RecordInput record;
    while (rows && (*rows)->next(record)) {
    }
  }
  Settings settings;
  (void)apply_settings(settings, *body);
  Org fresh;
  (void)fresh.apply_objects(*body);
  return 0;
}
