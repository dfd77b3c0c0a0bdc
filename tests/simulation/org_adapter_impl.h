#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "org_adapter.h"
#include "orgsim/core/org.h"

namespace duet::simulation {

struct LateRequest {
  TimeMs at;
  ports::SendBatch batch;
};

/// A Bulk job of the org.
struct SimJob {
  AttemptKind kind = AttemptKind::update;
  std::string token;
  std::vector<ports::SendRecord> records;
  std::vector<ports::JobOutcome> outcomes;
  ports::JobState state = ports::JobState::open;
  TimeMs runs_at = 0;
};

struct OrgAdapter::Impl {
  explicit Impl(std::uint64_t seed, TimeMs start) : org(orgsim::OrgOptions{seed, start, {}}) {}
  orgsim::Org org;
  std::vector<LateRequest> late;
  std::map<std::string, SimJob> jobs;

  orgsim::Transaction begin(bool ours, const std::string& client, bool rows) {
    orgsim::Writer writer;
    writer.user_id = ours ? org.integration_user_id() : org.other_user_id();
    writer.client = client;
    writer.transport = rows ? orgsim::Transport::rows : orgsim::Transport::collections;
    return org.begin(writer);
  }
};

Value from_org(const orgsim::Value& value);
/// Id and SystemModstamp are not among a record's fields here.
bool is_plain(const MappedField& field);
/// 0 when the record has none.
TimeMs stamp_of(const orgsim::Record& record, std::string_view field);

}  // namespace duet::simulation
