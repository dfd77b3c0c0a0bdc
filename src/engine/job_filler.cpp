#include "engine/job_filler.h"

#include <algorithm>

#include "base/logging.h"
#include "rules/locks.h"

namespace duet::engine {
namespace {

/// How often it is counted whether a job pays.
constexpr TimeMs kAskEveryMs = 1'000;
/// Per record: slower objects are busy with automation.
constexpr double kSlowMs = 5;
constexpr long kSlowFactor = 16;
/// How long a first call is waited for that tells how fast the org is.
constexpr TimeMs kFirstCallMs = 500;
/// After a job could not be opened.
constexpr TimeMs kRestMs = 60'000;

ports::SendRecord to_send(const ClaimedAttempt& claimed) {
  ports::SendRecord record;
  record.sfid = claimed.sfid;
  record.external_id = claimed.external_id;
  for (const auto& [name, sent] : claimed.attempt.fields) record.fields.emplace(name, sent.value);
  return record;
}

std::string_view suffix_of(AttemptKind kind) {
  return kind == AttemptKind::create ? "c" : kind == AttemptKind::update ? "u" : "d";
}

}  // namespace

Result<JobFiller::Choice> JobFiller::choose(const Mapping& mapping, bool full, const Flights& flights) {
  if (const auto found = filling_.find(&mapping); found != filling_.end()) {
    if (!found->second.full) return Choice{&found->second.ticket, false};
    close(mapping);
  }
  const Settings& settings = parts_.settings;
  if (!full || settings.bulk_from == 0 || mapping.ordered) return Choice{};
  const TimeMs now = parts_.ports.clock.monotonic();
  TimeMs& ask_at = ask_at_.try_emplace(&mapping, now).first->second;
  if (now < ask_at) return Choice{};
  const bool is_short = parts_.ports.governor.is_short(now);
  const auto from = static_cast<long>(is_short ? settings.bulk_from_short : settings.bulk_from);
  const CapturedCounts counts = DUET_TRY(parts_.ports.store.count_captured(mapping, kSlowFactor * from));
  const long most = std::max({counts.updates, counts.creates, counts.removes});
  const AttemptKind kind = counts.updates == most   ? AttemptKind::update
                           : counts.creates == most ? AttemptKind::create
                                                    : AttemptKind::remove;
  const bool possible = most >= from && (kind != AttemptKind::create || !mapping.upsert_field.empty());
  const std::optional<double> pace = flights.ms_per_record(mapping);
  if (possible && !is_short && !pace) return Choice{nullptr, flights.under_way() && flights.oldest_ms() < kFirstCallMs};
  ask_at = now + kAskEveryMs;
  // The org works off a job in parts of 10,000 records: where its automation is slow, calls side by side are faster.
  if (!possible || (!is_short && *pace > kSlowMs && most < kSlowFactor * from)) return Choice{};
  if (auto begun = begin(mapping, kind); !begun) {
    log_error(LogLevel::warn, "no Bulk job could be opened, changes go by calls", begun.error(),
              {{"object", mapping.object}});
    ask_at = now + kRestMs;
    return Choice{};
  }
  return Choice{&filling_.at(&mapping).ticket, false};
}

Result<void> JobFiller::begin(const Mapping& mapping, AttemptKind kind) {
  Filling filling;
  filling.job.kind = kind;
  filling.job.token = "duet-" + parts_.ports.random.uuid() + std::string(suffix_of(kind));
  parts_.ports.governor.called(rules::CallClass::outbound, 1, parts_.ports.clock.monotonic());
  filling.upload = DUET_TRY(parts_.ports.bulk.open(mapping, kind, filling.job.token));
  filling.job.job_id = filling.upload->id();
  filling.ticket = {filling.job.token, kind};
  auto transaction = DUET_TRY(parts_.ports.store.begin());
  DUET_TRY(transaction->put_job(mapping, filling.job));
  // The desk first: once the job is committed, the other worker may find it.
  filling_.insert_or_assign(&mapping, std::move(filling));
  tell_desk();
  if (auto committed = transaction->commit(); !committed) {
    // A job that is in the store and that nobody fills is aborted there.
    filling_.erase(&mapping);
    tell_desk();
    return committed;
  }
  return {};
}

Result<std::vector<ClaimedAttempt>> JobFiller::take(const Mapping& mapping, std::vector<ClaimedAttempt>& claimed) {
  std::vector<ClaimedAttempt> back;
  const auto found = filling_.find(&mapping);
  if (found == filling_.end()) return back;
  Filling& filling = found->second;
  std::vector<ClaimedAttempt> others;
  for (ClaimedAttempt& each : claimed) {
    if (each.attempt.token != filling.job.token) {
      others.push_back(std::move(each));
      continue;
    }
    const auto parents = rules::locked_parents(mapping, each.attempt, each.references, {});
    const auto added =
        filling.full ? Result<bool>(false) : filling.upload->add(to_send(each), parents.empty() ? "" : parents.front());
    if (added && *added) {
      ++filling.records;
      continue;
    }
    filling.full |= added.has_value();
    each.outcome.emplace();
    each.outcome->verdict = added ? ports::Verdict::not_sent : ports::Verdict::rejected;
    if (!added) each.outcome->error = added.error();
    back.push_back(std::move(each));
  }
  claimed = std::move(others);
  filling.full |= filling.records >= parts_.settings.bulk_records;
  return back;
}

void JobFiller::close(const Mapping& mapping) {
  const auto found = filling_.find(&mapping);
  if (found == filling_.end()) return;
  parts_.counters.attempts_sent += found->second.records;
  parts_.ports.desk.put({&mapping, std::move(found->second.job), std::move(found->second.upload)});
  filling_.erase(found);
  tell_desk();
}

void JobFiller::close_all() {
  while (!filling_.empty()) close(*filling_.begin()->first);
}

void JobFiller::tell_desk() {
  std::vector<std::string> tokens;
  for (const auto& [mapping, filling] : filling_) tokens.push_back(filling.job.token);
  parts_.ports.desk.set_filling(std::move(tokens));
}

}  // namespace duet::engine
