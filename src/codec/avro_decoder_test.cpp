#include "codec/avro_decoder.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "codec/avro_test_writer.h"

namespace duet::codec {
namespace {

AvroSchema schema_of(std::string_view json) {
  auto schema = AvroSchema::parse(json);
  EXPECT_TRUE(schema) << describe(schema.error());
  return std::move(*schema);
}

constexpr std::string_view kRecord = R"({"type":"record","name":"R","namespace":"a.b","fields":[
  {"name":"s","type":"string"},
  {"name":"n","type":["null","long"],"default":null},
  {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
  {"name":"l","type":{"type":"array","items":"string"}},
  {"name":"in","type":["null",{"type":"record","name":"Inner","fields":[{"name":"d","type":["null","double"]}]}]},
  {"name":"again","type":["null","Inner"]},
  {"name":"b","type":"boolean"},
  {"name":"f","type":"a.b.E"}]})";

std::string good_payload() {
  AvroTestWriter writer;
  writer.text("hé").branch(1).whole(-3).whole(1).texts({"x", "", "z"});
  writer.branch(1).branch(1).number(2.5).branch(1).null().boolean(true).whole(0);
  return writer.bytes();
}

TEST(AvroDecoder, decodes_records_unions_enums_arrays_and_named_references) {
  AvroSchema schema = schema_of(kRecord);
  std::string payload = good_payload();
  auto value = decode_avro(schema.root(), payload);
  ASSERT_TRUE(value) << describe(value.error());
  const auto& fields = value->items();
  ASSERT_EQ(fields.size(), 8u);
  EXPECT_EQ(fields[0].text(), "hé");
  EXPECT_EQ(fields[1].integer(), -3);
  EXPECT_EQ(fields[2].type->symbols[static_cast<std::size_t>(fields[2].integer())], "B");
  ASSERT_EQ(fields[3].items().size(), 3u);
  EXPECT_EQ(fields[3].items()[2].text(), "z");
  EXPECT_EQ(std::get<double>(fields[4].items()[0].data), 2.5);
  EXPECT_TRUE(fields[5].items()[0].is_null());
  EXPECT_EQ(fields[5].type->name, "Inner");
  EXPECT_EQ(std::get<bool>(fields[6].data), true);
}

TEST(AvroDecoder, refuses_every_truncation_and_anything_left_over) {
  AvroSchema schema = schema_of(kRecord);
  std::string payload = good_payload();
  for (std::size_t length = 0; length < payload.size(); ++length) {
    EXPECT_FALSE(decode_avro(schema.root(), std::string_view(payload).substr(0, length))) << length;
  }
  EXPECT_FALSE(decode_avro(schema.root(), payload + '\0'));
}

TEST(AvroDecoder, reads_array_blocks_with_a_byte_count) {
  AvroSchema schema = schema_of(R"({"type":"array","items":"string"})");
  AvroTestWriter writer;
  writer.whole(-2).whole(4).text("a").text("b").whole(1).text("c").whole(0);
  auto value = decode_avro(schema.root(), writer.bytes());
  ASSERT_TRUE(value);
  EXPECT_EQ(value->items().size(), 3u);
}

TEST(AvroDecoder, refuses_hostile_lengths_counts_and_branches) {
  AvroSchema text = schema_of(R"("string")");
  AvroSchema list = schema_of(R"({"type":"array","items":"null"})");
  AvroSchema choice = schema_of(R"(["null","string"])");
  for (std::int64_t length : {std::int64_t{-1}, std::int64_t{5}, std::numeric_limits<std::int64_t>::max(),
                              std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_FALSE(decode_avro(text.root(), AvroTestWriter().whole(length).raw("abc").bytes())) << length;
  }
  for (std::int64_t count :
       {std::int64_t{1} << 40, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_FALSE(decode_avro(list.root(), AvroTestWriter().whole(count).whole(0).whole(0).bytes())) << count;
  }
  EXPECT_FALSE(decode_avro(choice.root(), AvroTestWriter().branch(2).bytes()));
  EXPECT_FALSE(decode_avro(choice.root(), AvroTestWriter().branch(-1).bytes()));
  EXPECT_FALSE(decode_avro(choice.root(), std::string(11, '\xff')));
}

TEST(AvroDecoder, bounds_recursion_of_a_schema_that_names_itself) {
  AvroSchema schema = schema_of(R"({"type":"record","name":"Loop","fields":[{"name":"next","type":"Loop"}]})");
  EXPECT_FALSE(decode_avro(schema.root(), ""));
}

TEST(AvroDecoder, survives_random_bytes) {
  AvroSchema schema = schema_of(kRecord);
  std::mt19937 random(7);
  std::string good = good_payload();
  for (int round = 0; round < 20'000; ++round) {
    std::string payload = good;
    for (int flips = 0; flips < 3; ++flips) payload[random() % payload.size()] = static_cast<char>(random());
    auto value = decode_avro(schema.root(), payload);
    EXPECT_TRUE(!value || value->items().size() == 8u);
  }
}

TEST(AvroSchema, refuses_what_is_no_schema) {
  for (std::string_view json :
       {"", "{", "7", "[]", R"("nothing")", R"({"type":"map","values":"string"})", R"({"type":"record","name":"R"})",
        R"({"type":"record","fields":[]})", R"({"type":"enum","name":"E"})", R"({"type":"array"})",
        R"([["null"],"string"])", R"({"type":"record","name":"R","fields":[{"name":"x"}]})",
        R"({"type":"record","name":"R","fields":[{"name":"x","type":{"type":"record","name":"R","fields":[]}}]})"}) {
    EXPECT_FALSE(AvroSchema::parse(json)) << json;
  }
  std::string deep;
  for (int i = 0; i < 1'000; ++i) deep += R"({"type":"array","items":)";
  EXPECT_FALSE(AvroSchema::parse(deep + "\"null\"" + std::string(1'000, '}')));
}

}  // namespace
}  // namespace duet::codec
