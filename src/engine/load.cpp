#include "engine/load.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/logging.h"
#include "codec/csv_to_copy.h"
#include "codec/csv_to_reads.h"
#include "engine/apply.h"
#include "engine/apply_reads.h"
#include "engine/seen_records.h"
#include "engine/timing.h"

namespace duet::engine {
namespace {

constexpr TimeMs kLoadedWaitMs = 1'000;
constexpr TimeMs kPositionWaitMs = 200;
/// CSV that is converted before its COPY data is handed on.
constexpr std::size_t kSliceBytes = 128 << 10;
/// A page of a merging load ends at either.
constexpr std::size_t kPageRecords = 500;
constexpr std::size_t kPageBytes = 4 << 20;
constexpr std::size_t kSweepRecords = 2'000;
constexpr std::size_t kDrainEvents = 2'000;
/// Stamps are whole seconds, and the org's clock is known to within less than this.
constexpr TimeMs kQueryMarginMs = 60'000;

bool refused_by_database(const Error& error) {
  return error.kind == ErrorKind::store_constraint || error.kind == ErrorKind::bad_data;
}

}  // namespace

class LoadWorker::Impl {
 public:
  Impl(const Connection& connection, const Mapping& mapping, const Settings& settings, SettlePorts ports,
       Counters& counters)
      : connection_(connection),
        mapping_(mapping),
        ports_(ports),
        counters_(counters),
        timing_(connection, settings, ports.clock, ports.store, ports.org),
        applier_(connection, timing_, counters),
        graph_(connection.mappings),
        reads_(mapping, graph_, ports.store, timing_, counters) {}

  Result<Step> step() {
    auto stepped = try_step();
    if (stepped) return stepped;
    const bool copy_refused = sink_ && never_copy_;
    start_again();
    if (!copy_refused) return stepped;
    log_error(LogLevel::warn, "the copy was refused; the load goes on record by record", stepped.error(),
              {{"object", mapping_.object}});
    return Step{true, 0};
  }

 private:
  enum class Phase { waiting, opening, copying, merging, parking, sweeping, draining };

  Result<Step> try_step();
  Result<Step> begin();
  Result<void> open();
  Result<void> read_chunk();
  Result<void> copy_chunk();
  Result<void> write_copy();
  Result<void> finish_copy();
  Result<void> merge_page();
  Result<void> park_refused();
  Result<void> sweep();
  Result<void> drain();

  Result<void> refuse(const std::string& sfid, const Error& error);
  Result<void> check_count() const;
  void compare_with_org();
  void count_rows(long rows);
  void start_again();
  void forget();

  const Connection& connection_;
  const Mapping& mapping_;
  SettlePorts ports_;
  Counters& counters_;
  Timing timing_;
  Applier applier_;
  rules::FormulaGraph graph_;
  ReadApplier reads_;

  Phase phase_ = Phase::waiting;
  TimeMs began_at_ = 0;      ///< monotonic
  TimeMs query_at_ = 0;      ///< org clock: what changed before is in the query
  bool never_copy_ = false;  ///< the database refused a row: only a merge leaves it out
  long rows_ = 0;            ///< of the CSV, in this try

  std::unique_ptr<ports::BulkReader> reader_;
  std::string_view chunk_;  ///< what is left of the reader's last bytes
  bool any_bytes_ = false;

  // The way of an empty table.
  std::unique_ptr<ports::CopySink> sink_;
  codec::CopyWriter copy_;
  std::optional<codec::CsvToCopy> to_copy_;
  std::vector<std::string> refused_;  ///< Ids of records that the table cannot hold

  // The way of every other table.
  std::optional<codec::CsvToReads> to_reads_;
  bool ended_ = false;
  SeenRecords seen_;
  std::string swept_to_;
};

Result<Step> LoadWorker::Impl::try_step() {
  switch (phase_) {
    case Phase::waiting:
      return begin();
    case Phase::opening:
      DUET_TRY(open());
      break;
    case Phase::copying:
      DUET_TRY(copy_chunk());
      break;
    case Phase::merging:
      DUET_TRY(merge_page());
      break;
    case Phase::parking:
      DUET_TRY(park_refused());
      break;
    case Phase::sweeping:
      DUET_TRY(sweep());
      break;
    case Phase::draining:
      DUET_TRY(drain());
      break;
  }
  return Step{true, 0};
}

/// Nothing begins before the stream's position is noted: what changes from then on is spooled, what changed before is
/// in the query.
Result<Step> LoadWorker::Impl::begin() {
  const ports::LoadProgress progress = DUET_TRY(ports_.store.load_progress(mapping_));
  if (progress.state == ports::MappingState::loaded) return Step{false, kLoadedWaitMs};
  if (ports_.governor.wait(rules::CallClass::backfill, false, ports_.clock.monotonic()) > 0)
    return Step{false, kPositionWaitMs};
  if (mapping_.source == InboundSource::events) {
    const std::optional<std::string> position = DUET_TRY(ports_.store.position("events"));
    if (!position || position->empty()) return Step{false, kPositionWaitMs};
  }
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(transaction->set_mapping_state(mapping_, ports::MappingState::loading));
  if (mapping_.source == InboundSource::poll) {
    DUET_TRY(transaction->set_position("poll:" + mapping_.object, fmt::format("{}", timing_.org_now())));
  }
  DUET_TRY(transaction->commit());
  began_at_ = ports_.clock.monotonic();
  query_at_ = timing_.org_now() - kQueryMarginMs;
  reader_ = DUET_TRY(ports_.org.bulk_query(mapping_));
  phase_ = Phase::opening;
  return Step{true, 0};
}

/// The COPY begins when the first bytes are here, so that its transaction does not wait for the org's job.
Result<void> LoadWorker::Impl::open() {
  DUET_TRY(read_chunk());
  if (!never_copy_) sink_ = DUET_TRY(ports_.store.begin_copy(mapping_));
  log(LogLevel::info, "load begins", {{"object", mapping_.object}, {"way", sink_ ? "copy" : "merge"}});
  if (sink_) {
    to_copy_.emplace(mapping_, copy_);
    phase_ = Phase::copying;
  } else {
    to_reads_.emplace(mapping_);
    to_reads_->feed(chunk_);
    phase_ = Phase::merging;
  }
  return {};
}

Result<void> LoadWorker::Impl::read_chunk() {
  chunk_ = DUET_TRY(reader_->read());
  any_bytes_ = any_bytes_ || !chunk_.empty();
  return {};
}

Result<void> LoadWorker::Impl::copy_chunk() {
  if (chunk_.empty()) DUET_TRY(read_chunk());
  if (chunk_.empty()) return finish_copy();
  const std::string_view slice = chunk_.substr(0, kSliceBytes);
  DUET_TRY(to_copy_->convert(slice));
  chunk_.remove_prefix(slice.size());
  count_rows(to_copy_->rows());
  return copy_.size() == 0 ? Result<void>() : write_copy();
}

Result<void> LoadWorker::Impl::write_copy() {
  auto written = sink_->write(copy_.bytes());
  copy_.clear();
  if (!written) never_copy_ = refused_by_database(written.error());
  return written;
}

Result<void> LoadWorker::Impl::finish_copy() {
  DUET_TRY(to_copy_->finish());
  count_rows(to_copy_->rows());
  for (const codec::RefusedRow& row : to_copy_->refused()) DUET_TRY(refuse(row.sfid, row.error));
  DUET_TRY(check_count());
  DUET_TRY(write_copy());
  auto finished = sink_->finish();
  if (!finished) never_copy_ = refused_by_database(finished.error());
  (void)DUET_TRY(finished);
  sink_.reset();
  reader_.reset();
  phase_ = Phase::parking;
  return {};
}

/// Nothing of the result may be missing: a load that stops early would look like deletes.
Result<void> LoadWorker::Impl::check_count() const {
  const long rows = rows_ + static_cast<long>(refused_.size());
  const std::optional<long> expected = reader_->record_count();
  if (expected ? *expected == rows : any_bytes_) return {};
  return fail(ErrorKind::network, "the Bulk result ended early", "CSV",
              fmt::format("object {}: {} rows of {}", mapping_.object, rows, expected.value_or(-1)));
}

Result<void> LoadWorker::Impl::merge_page() {
  std::vector<RecordRead> page;
  std::size_t page_bytes = 0;
  bool finished = false;
  while (!finished && page.size() < kPageRecords && page_bytes < kPageBytes) {
    auto record = DUET_TRY(to_reads_->next());
    if (record) {
      seen_.note(record->read.sfid);
      if (record->error) {
        DUET_TRY(refuse(record->read.sfid, *record->error));
      } else {
        page.push_back(std::move(record->read));
      }
    } else if (ended_) {
      finished = true;
    } else {
      DUET_TRY(read_chunk());
      page_bytes += chunk_.size();
      ended_ = chunk_.empty();
      to_reads_->feed(chunk_);
      if (ended_) to_reads_->end();
    }
  }
  if (!page.empty()) DUET_TRY(reads_.apply(page));
  count_rows(rows_ + static_cast<long>(page.size()));
  if (!finished) return {};
  DUET_TRY(check_count());
  reader_.reset();
  seen_.seal();
  phase_ = Phase::parking;
  return {};
}

/// One bad record parks only itself (design §2 G6); too many say that the mapping does not fit the object.
Result<void> LoadWorker::Impl::refuse(const std::string& sfid, const Error& error) {
  if (refused_.size() == codec::kMaxRefusedRows) return std::unexpected(error);
  log_error(LogLevel::warn, "a record cannot be loaded", error, {{"object", mapping_.object}, {"sfid", sfid}});
  refused_.push_back(sfid);
  return {};
}

Result<void> LoadWorker::Impl::park_refused() {
  const std::size_t count = std::min(refused_.size(), kPageRecords);
  if (count > 0) {
    DUET_TRY(reads_.mark_dirty(std::span(refused_).last(count), "a value does not fit its column"));
    refused_.resize(refused_.size() - count);
  } else {
    phase_ = to_reads_ ? Phase::sweeping : Phase::draining;
    if (!to_reads_) compare_with_org();
  }
  return {};
}

/// Rows whose records the query did not give: the org is asked about each before one is removed.
Result<void> LoadWorker::Impl::sweep() {
  const std::vector<std::string> sfids = DUET_TRY(ports_.store.list_sfids(mapping_, swept_to_, kSweepRecords));
  std::vector<std::string> missing;
  std::ranges::copy_if(sfids, std::back_inserter(missing),
                       [&](const std::string& sfid) { return !seen_.contains(sfid); });
  std::vector<RecordRead> gone;
  if (!missing.empty()) gone = DUET_TRY(ports_.org.read(mapping_, missing));
  std::erase_if(gone, [](const RecordRead& read) { return !read.deleted; });
  for (RecordRead& read : gone) {
    if (read.stamp == 0) read.stamp = timing_.org_now();
  }
  for (std::size_t from = 0; from < gone.size(); from += kPageRecords) {
    DUET_TRY(reads_.apply(std::span(gone).subspan(from, std::min(kPageRecords, gone.size() - from))));
  }
  if (sfids.size() < kSweepRecords) {
    compare_with_org();
    phase_ = Phase::draining;
  } else {
    swept_to_ = sfids.back();
  }
  return {};
}

/// The org may have changed since the query ran, so a difference is worth a line and no more.
void LoadWorker::Impl::compare_with_org() {
  const auto count = ports_.org.count(mapping_);
  if (!count) {
    log_error(LogLevel::warn, "the org's records could not be counted", count.error(), {{"object", mapping_.object}});
  } else if (*count != rows_) {
    log(LogLevel::info, "the org has another number of records by now",
        {{"object", mapping_.object}, {"loaded", rows_}, {"org", *count}});
  }
}

/// The mapping becomes `loaded` in the transaction that applies the last of the spool: no event is applied out of its
/// order.
Result<void> LoadWorker::Impl::drain() {
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(transaction->set_mapping_state(mapping_, ports::MappingState::loaded));
  const ports::SpooledEvents spooled = DUET_TRY(ports_.store.spooled(mapping_, kDrainEvents));
  const bool last = spooled.events.size() < kDrainEvents;
  if (!last) DUET_TRY(transaction->set_mapping_state(mapping_, ports::MappingState::loading));
  if (!spooled.events.empty()) {
    DUET_TRY(applier_.apply(*transaction, spooled.events));
    DUET_TRY(transaction->unspool(mapping_, spooled.up_to));
  }
  if (last) {
    StaleMarks stale(graph_);
    stale.note_loaded(mapping_, connection_, query_at_);
    DUET_TRY(stale.write(*transaction, timing_.now()));
  }
  DUET_TRY(transaction->commit());
  applier_.committed();
  if (!last) return {};
  log(LogLevel::info, "load done",
      {{"object", mapping_.object}, {"rows", rows_}, {"ms", ports_.clock.monotonic() - began_at_}});
  never_copy_ = false;
  rows_ = 0;
  forget();
  return {};
}

void LoadWorker::Impl::count_rows(long rows) {
  counters_.rows_loaded += static_cast<std::uint64_t>(rows - rows_);
  rows_ = rows;
}

/// The next step begins the load anew: an unfinished COPY left the table empty, an unfinished merge is merged over.
void LoadWorker::Impl::start_again() {
  count_rows(0);
  forget();
  applier_.rolled_back();
  applier_.forget();
}

void LoadWorker::Impl::forget() {
  phase_ = Phase::waiting;
  to_copy_.reset();
  to_reads_.reset();
  sink_.reset();
  reader_.reset();
  copy_ = {};
  chunk_ = {};
  any_bytes_ = false;
  ended_ = false;
  refused_.clear();
  seen_ = SeenRecords();
  swept_to_.clear();
}

LoadWorker::LoadWorker(const Connection& connection, const Mapping& mapping, const Settings& settings,
                       SettlePorts ports, Counters& counters)
    : impl_(std::make_unique<Impl>(connection, mapping, settings, ports, counters)) {}

LoadWorker::~LoadWorker() = default;

Result<Step> LoadWorker::step() { return impl_->step(); }

}  // namespace duet::engine
