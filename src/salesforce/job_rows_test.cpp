#include "salesforce/job_rows.h"

#include <gtest/gtest.h>

#include "salesforce/rest_bulk.h"

namespace duet::salesforce {
namespace {

Mapping contact() {
  Mapping mapping;
  mapping.object = "Contact";
  mapping.upsert_field = "Ext__c";
  for (const char* name : {"Id", "Ext__c", "LastName", "Phone", "Fax"}) {
    MappedField field;
    field.schema.name = name;
    if (std::string(name) == "Id") {
      field.schema.type = FieldType::id;
      field.schema.createable = field.schema.updateable = false;
    }
    if (std::string(name) == "Fax") field.schema.createable = field.schema.updateable = false;
    mapping.fields.push_back(field);
  }
  return mapping;
}

constexpr const char* kId = "0035e00000AAAAAAAA";

TEST(JobRows, segment_flaw_2_a_field_that_is_not_spoken_of_stays_as_it_is) {
  const Mapping mapping = contact();
  JobRows rows(mapping, AttemptKind::update);
  ASSERT_TRUE(*rows.add({kId, "", {{"Phone", std::string("1")}}}, ""));
  ASSERT_TRUE(*rows.add({kId, "", {{"LastName", std::string("Bond")}, {"Phone", Null{}}}}, ""));
  EXPECT_EQ(rows.take(),
            "Id,Ext__c,LastName,Phone\n"
            "\"0035e00000AAAAAAAA\",,,\"1\"\n"
            "\"0035e00000AAAAAAAA\",,\"Bond\",#N/A\n");
}

TEST(JobRows, segment_flaw_3_the_key_and_each_field_have_one_column) {
  const Mapping mapping = contact();
  JobRows rows(mapping, AttemptKind::create);
  ASSERT_TRUE(*rows.add({"", "k-1", {{"LastName", std::string("A")}}}, ""));
  ASSERT_TRUE(*rows.add({"", "k-2", {{"LastName", std::string("B")}, {"Phone", std::string("2")}}}, ""));
  EXPECT_EQ(rows.take(), "Ext__c,LastName,Phone\n\"k-1\",\"A\",\n\"k-2\",\"B\",\"2\"\n");
}

TEST(JobRows, segment_flaw_6_a_record_with_other_fields_is_refused_by_itself) {
  const Mapping mapping = contact();
  JobRows rows(mapping, AttemptKind::update);
  EXPECT_FALSE(rows.add({kId, "", {{"Fax", std::string("1")}}}, "")) << "the job has no such column";
  EXPECT_TRUE(*rows.add({kId, "", {{"Phone", std::string("1")}}}, ""));
}

TEST(JobRows, segment_flaw_12_records_of_one_parent_lie_together) {
  const Mapping mapping = contact();
  JobRows rows(mapping, AttemptKind::remove);
  for (const auto& [id, parent] : {std::pair{"1", "b"}, {"2", "a"}, {"3", "b"}, {"4", "a"}})
    ASSERT_TRUE(*rows.add({id, "", {}}, parent));
  EXPECT_EQ(rows.take(), "Id\n\"2\"\n\"4\"\n\"1\"\n\"3\"\n");
}

TEST(JobRows, IsFullBeforeItIsTooLarge) {
  const Mapping mapping = contact();
  JobRows rows(mapping, AttemptKind::update);
  const std::string large(1'000'000, 'x');
  std::size_t taken = 0;
  while (*rows.add({kId, "", {{"Phone", large}}}, "")) ++taken;
  EXPECT_EQ(taken, 16U);
  EXPECT_LE(rows.take().size(), kMaxJobBytes + 100);
}

TEST(JobResults, segment_flaw_1_each_record_has_its_own_outcome) {
  const Mapping mapping = contact();
  const auto good = read_job_results(mapping, AttemptKind::create, ResultSet::successful,
                                     "\"sf__Id\",\"sf__Created\",Ext__c,LastName\n"
                                     "\"0035e00000AAAAA\",\"true\",\"k-1\",\"A\"\n");
  ASSERT_TRUE(good);
  ASSERT_EQ(good->size(), 1U);
  EXPECT_EQ((*good)[0].outcome.verdict, ports::Verdict::accepted);
  EXPECT_EQ((*good)[0].sfid, "0035e00000AAAAAAA5") << "with its checksum";
  EXPECT_EQ((*good)[0].external_id, "k-1");
  const auto bad = read_job_results(
      mapping, AttemptKind::update, ResultSet::failed,
      "\"sf__Id\",\"sf__Error\",Id,LastName\n"
      "\"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --\",\"0035e00000AAAAAAAA\",\"\"\n");
  ASSERT_TRUE(bad);
  EXPECT_EQ((*bad)[0].sfid, kId);
  EXPECT_EQ((*bad)[0].outcome.error->code, "REQUIRED_FIELD_MISSING");
  EXPECT_EQ((*bad)[0].outcome.error->message, "Required fields are missing: [Name]");
  EXPECT_EQ((*bad)[0].outcome.error->detail, "Name");
  const auto rest = read_job_results(mapping, AttemptKind::update, ResultSet::unprocessed, "Id,Phone\nx,1\n");
  ASSERT_TRUE(rest);
  EXPECT_EQ((*rest)[0].outcome.verdict, ports::Verdict::not_sent);
  EXPECT_FALSE(read_job_results(mapping, AttemptKind::update, ResultSet::failed, "Whatever\n1\n"))
      << "results that cannot be matched are not guessed";
}

TEST(JobResults, segment_flaw_13_a_lock_is_told_by_its_code) {
  const Error error = read_job_error(
      "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 200 records: 001xxx,001yyy:--");
  EXPECT_EQ(error.kind, ErrorKind::row_locked);
  EXPECT_TRUE(error.message.ends_with("001xxx,001yyy"));
  EXPECT_TRUE(error.detail.empty());
}

}  // namespace
}  // namespace duet::salesforce
