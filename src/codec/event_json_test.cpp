#include "codec/event_json.h"

#include <gtest/gtest.h>

#include "codec/value_json.h"

namespace duet::codec {
namespace {

TEST(EventJson, RoundTrips) {
  ChangeEvent event;
  event.position = std::string("\x00\x01\xff z", 5);
  event.event_id = "e-1";
  event.object = "Account";
  event.kind = EventKind::undelete;
  event.record_ids = {"001000000000001AAA", "001000000000002AAA"};
  event.wildcard = true;
  event.transaction_key = "tx";
  event.sequence = 7;
  event.committed_at = 1'769'853'600'123;
  event.commit_number = 9'007'199'254'740'993;
  event.stamp = 1'769'853'600'000;
  event.commit_user = "005000000000001AAA";
  event.client_token = "t1";
  event.fields = {{"Name", std::string("Ärger")},
                  {"Phone", Null{}},
                  {"AnnualRevenue", 0.1},
                  {"NumberOfEmployees", std::int64_t{5}}};
  event.unreadable_fields = {"Description"};

  const ChangeEvent read = event_from_json(event_to_json(event)).value();
  EXPECT_EQ(event_to_json(read), event_to_json(event));
  EXPECT_EQ(read.position, event.position);
  EXPECT_EQ(read.kind, event.kind);
  EXPECT_EQ(read.record_ids, event.record_ids);
  EXPECT_EQ(read.commit_number, event.commit_number);
  EXPECT_EQ(read.fields, event.fields);
  EXPECT_EQ(read.unreadable_fields, event.unreadable_fields);
}

TEST(EventJson, RefusesWhatIsNoEvent) {
  for (const char* text :
       {"", "null", R"({"kind":"replace"})", R"({"position":"0"})", R"({"fields":{"Name":{"date":"soon"}}})"}) {
    EXPECT_FALSE(event_from_json(text)) << text;
  }
}

}  // namespace
}  // namespace duet::codec
