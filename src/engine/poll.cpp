#include "engine/poll.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/record_batch.h"
#include "engine/stale_marks.h"
#include "engine/timing.h"
#include "rules/canonical.h"
#include "rules/merge.h"
#include "rules/read.h"

namespace duet::engine {
namespace {

constexpr TimeMs kIdleWaitMs = 1'000;
constexpr TimeMs kLongestWaitMs = 1'000;
/// A version is read only when its second is over, so that a later write in the same second cannot hide behind the same
/// stamp.
constexpr TimeMs kSafetyMs = 2'000;

}  // namespace

class PollWorker::Impl {
 public:
  Impl(const Connection& connection, const Mapping& mapping, const Settings& settings, SettlePorts ports,
       Counters& counters)
      : mapping_(mapping),
        settings_(settings),
        ports_(ports),
        counters_(counters),
        timing_(connection, settings, ports.clock, ports.store, ports.org),
        graph_(connection.mappings),
        stale_(graph_),
        source_("poll:" + mapping.object),
        reread_source_("reread:" + mapping.object) {}

  Result<Step> step();

 private:
  Result<bool> begin_cycle();
  Result<std::optional<TimeMs>> position(const std::string& source);
  Result<void> read_page();
  Result<void> read_deletes();
  Result<void> end_cycle();
  Result<void> apply(const std::vector<RecordRead>& reads);

  enum class Phase { idle, pages, deletes };

  const Mapping& mapping_;
  const Settings& settings_;
  SettlePorts ports_;
  Counters& counters_;
  Timing timing_;
  rules::FormulaGraph graph_;
  StaleMarks stale_;
  std::string source_;
  std::string reread_source_;

  Phase phase_ = Phase::idle;
  bool rereads_ = false;
  TimeMs next_at_ = 0;
  TimeMs low_ = 0;   ///< org clock: where this cycle began
  TimeMs high_ = 0;  ///< org clock: where it ends
  TimeMs page_from_ = 0;
  std::string page_after_;
};

Result<std::optional<TimeMs>> PollWorker::Impl::position(const std::string& source) {
  const std::optional<std::string> text = DUET_TRY(ports_.store.position(source));
  if (!text || text->empty()) return std::nullopt;
  TimeMs time = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), time);
  if (error != std::errc{}) return fail(ErrorKind::bad_data, "the stored position of " + source + " is not a time");
  return time;
}

/// Decides what the next cycle reads. False: nothing is due.
Result<bool> PollWorker::Impl::begin_cycle() {
  const ports::LoadProgress progress = DUET_TRY(ports_.store.load_progress(mapping_));
  if (progress.state != ports::MappingState::loaded) return false;
  const std::optional<ports::RangeDirty> range = DUET_TRY(ports_.store.range_dirty(mapping_));
  const std::optional<TimeMs> interrupted = DUET_TRY(position(reread_source_));
  rereads_ = range || interrupted;
  if (mapping_.source == InboundSource::events && !rereads_) return false;
  if (!rereads_ && timing_.now() < next_at_) return false;

  // Beside a stream there is no next cycle: a record that changes meanwhile moves to the end of the pages and must not
  // fall off it.
  high_ = timing_.org_now() + (mapping_.source == InboundSource::poll ? -kSafetyMs : kMsPerDay);
  if (rereads_) {
    low_ = std::min(range ? std::max<TimeMs>(0, range->since - settings_.poll_overlap_ms) : high_,
                    interrupted.value_or(high_));
    // The mark moves into a position of its own first: what becomes dirty from now on is not forgotten when this cycle
    // ends.
    auto transaction = DUET_TRY(ports_.store.begin());
    DUET_TRY(transaction->set_position(reread_source_, fmt::format("{}", low_)));
    DUET_TRY(transaction->clear_range_dirty(mapping_));
    DUET_TRY(transaction->commit());
  } else {
    low_ = std::max<TimeMs>(0, DUET_TRY(position(source_)).value_or(0) - settings_.poll_overlap_ms);
  }
  page_from_ = low_;
  page_after_.clear();
  phase_ = Phase::pages;
  return true;
}

Result<void> PollWorker::Impl::apply(const std::vector<RecordRead>& reads) {
  for (std::size_t from = 0; from < reads.size(); from += settings_.read_records) {
    const std::size_t to = std::min(from + settings_.read_records, reads.size());
    RecordBatch batch(mapping_);
    for (std::size_t i = from; i < to; ++i) {
      // A deleted record's key may be another record's by now.
      const std::string key = reads[i].deleted ? "" : rules::key_text(value_of(reads[i].fields, mapping_.upsert_field));
      batch.add({std::nullopt, reads[i].sfid, key});
    }
    auto transaction = DUET_TRY(ports_.store.begin());
    DUET_TRY(batch.lock(*transaction));
    const rules::Context context = timing_.context(mapping_);
    for (std::size_t i = from; i < to; ++i) {
      const rules::Turn turn = batch.turn(i - from, context);
      if (turn.lane().sfid.empty()) turn.lane().sfid = reads[i].sfid;
      RecordRead read = reads[i];
      read.previous_stamp = rules::row_stamp(turn.record);
      if (rules::on_page_read(turn, read) == rules::ReadVerdict::applied) ++counters_.records_applied;
    }
    for (const RecordBatch::Entry& entry : batch.entries()) count(counters_, entry.change);
    DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error& error) {
      ++counters_.records_dirty;
      if (entry.record.lane.sfid.empty()) entry.record.lane.sfid = entry.record.ref.sfid;
      rules::mark_dirty({entry.record, entry.change, context}, name_of(error.kind));
    }));
    stale_.clear();
    for (const RecordBatch::Entry& entry : batch.entries()) stale_.note_read(mapping_, entry);
    DUET_TRY(stale_.write(*transaction, context.now));
    DUET_TRY(transaction->commit());
  }
  return {};
}

Result<void> PollWorker::Impl::read_page() {
  ports_.governor.called(rules::CallClass::catch_up, 1, ports_.clock.monotonic());
  const ports::ReadPage page = DUET_TRY(ports_.org.changed(mapping_, page_from_, high_, page_after_));
  DUET_TRY(apply(page.records));
  if (page.done || page.records.empty()) {
    phase_ = Phase::deletes;
    return {};
  }
  page_from_ = page.records.back().stamp;
  page_after_ = page.records.back().sfid;
  return {};
}

Result<void> PollWorker::Impl::read_deletes() {
  ports_.governor.called(rules::CallClass::catch_up, 1, ports_.clock.monotonic());
  const ports::DeletedPage page = DUET_TRY(ports_.org.deleted(mapping_, low_, high_));
  std::vector<RecordRead> reads;
  for (const ports::DeletedRecord& record : page.records) {
    RecordRead read;
    read.sfid = record.sfid;
    read.deleted = true;
    read.stamp = record.deleted_at;
    reads.push_back(std::move(read));
  }
  return apply(reads);
}

Result<void> PollWorker::Impl::end_cycle() {
  auto transaction = DUET_TRY(ports_.store.begin());
  if (mapping_.source == InboundSource::poll) DUET_TRY(transaction->set_position(source_, fmt::format("{}", high_)));
  if (rereads_) DUET_TRY(transaction->set_position(reread_source_, ""));
  DUET_TRY(transaction->commit());
  phase_ = Phase::idle;
  next_at_ = timing_.now() + static_cast<TimeMs>(mapping_.polling_seconds) * kMsPerSecond;
  return {};
}

Result<Step> PollWorker::Impl::step() {
  switch (phase_) {
    case Phase::idle: {
      const TimeMs held_back = ports_.governor.wait(rules::CallClass::catch_up, false, ports_.clock.monotonic());
      if (held_back > 0) return Step{false, std::min(held_back, kLongestWaitMs)};
      const bool begun = DUET_TRY(begin_cycle());
      return Step{begun, kIdleWaitMs};
    }
    case Phase::pages:
      DUET_TRY(read_page());
      break;
    case Phase::deletes:
      DUET_TRY(read_deletes());
      DUET_TRY(end_cycle());
      break;
  }
  return Step{true, 0};
}

PollWorker::PollWorker(const Connection& connection, const Mapping& mapping, const Settings& settings,
                       SettlePorts ports, Counters& counters)
    : impl_(std::make_unique<Impl>(connection, mapping, settings, ports, counters)) {}

PollWorker::~PollWorker() = default;

Result<Step> PollWorker::step() { return impl_->step(); }

}  // namespace duet::engine
