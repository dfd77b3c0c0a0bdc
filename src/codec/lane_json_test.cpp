#include "codec/lane_json.h"

#include <random>

#include <gtest/gtest.h>

namespace duet::codec {
namespace {

/// Random lanes from a seed: every member may be set.
class LaneMaker {
 public:
  explicit LaneMaker(unsigned seed) : random_(seed) {}

  Lane lane() {
    Lane lane;
    lane.revision = number();
    lane.sfid = maybe() ? "001000000000001AAA" : "";
    lane.external_id = text();
    if (maybe()) lane.row_id = number();
    lane.former_sfid = text();
    lane.pending_create = maybe();
    lane.key_checked = maybe();
    for (int i = below(3); i > 0; --i) lane.pending[text()] = {value(), interval()};
    for (int i = below(3); i > 0; --i) lane.log.push_back(log());
    if (maybe()) lane.pending_delete = removal();
    for (int i = below(3); i > 0; --i) lane.attempts.push_back(attempt());
    for (int i = below(3); i > 0; --i) lane.held[text()] = held();
    if (maybe()) lane.dirty = Dirty{text(), number(), below(5)};
    if (maybe()) lane.tombstone = Tombstone{number()};
    if (maybe()) lane.read_version = ReadVersion{number(), number()};
    for (int i = below(3); i > 0; --i)
      lane.frozen[text()] = {value(), value(), value(), interval(), text(), interval()};
    if (maybe()) lane.frozen_delete = FrozenDelete{maybe(), {{text(), value()}}, interval(), text()};
    lane.contested_at = number();
    lane.not_before = number();
    lane.rounds = below(4);
    lane.parked = text();
    return lane;
  }

 private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }
  bool maybe() { return below(2) == 1; }
  std::int64_t number() { return static_cast<std::int64_t>(random_()) * below(3) - 5; }
  TimeInterval interval() { return {number(), number()}; }

  std::string text() {
    static constexpr const char* kParts[] = {"Name", "\"", "\\", "\n", "ü", "漢", " ", "__c", "null"};
    std::string out;
    for (int i = below(4); i > 0; --i) out += kParts[below(9)];
    return out;
  }

  Value value() {
    switch (below(9)) {
      case 0:
        return Absent{};
      case 1:
        return Null{};
      case 2:
        return maybe();
      case 3:
        return number();
      case 4:
        return static_cast<double>(number()) / 7.0;
      case 5:
        return text();
      case 6:
        return Date{below(40'000) - 20'000};
      case 7:
        return DateTime{number()};
      default:
        return TimeOfDay{below(86'400'000)};
    }
  }

  PendingLog log() { return {number(), {text(), text()}}; }
  PendingDelete removal() { return {number(), {{text(), value()}, {text(), value()}}, interval()}; }

  Attempt attempt() {
    Attempt attempt;
    attempt.token = text();
    attempt.kind = static_cast<AttemptKind>(below(3));
    attempt.state = static_cast<AttemptState>(below(3));
    for (int i = below(3); i > 0; --i) attempt.fields[text()] = {value(), value(), interval()};
    for (int i = below(3); i > 0; --i) attempt.log.push_back(log());
    if (maybe()) attempt.removal = removal();
    attempt.row_stamp = number();
    attempt.sent_at = number();
    attempt.decided_at = number();
    attempt.passed = maybe();
    attempt.conditional = maybe();
    return attempt;
  }

  std::vector<HeldValue> held() {
    std::vector<HeldValue> values;
    for (int i = below(3); i > 0; --i) values.push_back({value(), interval(), text(), maybe()});
    return values;
  }

  std::mt19937 random_;
};

TEST(LaneJson, RoundTripsRandomLanes) {
  for (unsigned seed = 0; seed < 2'000; ++seed) {
    const Lane lane = LaneMaker(seed).lane();
    auto read = lane_from_json(lane_to_json(lane));
    ASSERT_TRUE(read) << "seed " << seed << ": " << describe(read.error());
    ASSERT_EQ(*read, lane) << "seed " << seed << ": " << lane_to_json(lane);
  }
}

TEST(LaneJson, AnEmptyLaneIsShort) { EXPECT_EQ(lane_to_json(Lane{}), "{}"); }

TEST(LaneJson, RefusesWhatIsNoLane) {
  for (const char* text :
       {"", "[]", "{", R"({"revision":"1"})", R"({"attempts":[{"state":"lost"}]})", R"({"pending":[]})",
        R"({"held":{"Name":[1]}})", R"({"pending":{"Name":{"changed_at":[1]}}})"}) {
    EXPECT_FALSE(lane_from_json(text)) << text;
  }
}

TEST(LaneJson, TheErrorNamesTheMemberAndNoValue) {
  auto read = lane_from_json(R"({"parked":17})");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail, "member parked");
}

}  // namespace
}  // namespace duet::codec
