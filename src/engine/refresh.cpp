#include "engine/refresh.h"

#include <algorithm>
#include <map>

#include "engine/record_batch.h"
#include "engine/stale_marks.h"
#include "engine/timing.h"
#include "rules/refresh.h"

namespace duet::engine {
namespace {

constexpr TimeMs kIdleWaitMs = 300;
/// A record that could not take its read is read again after this.
constexpr TimeMs kLaterMs = 5'000;
constexpr std::size_t kReadLimit = 2'000;

/// Calls at once after a quiet time: one parent with 200,000 children.
constexpr double kBurst = 100;
/// Of the org's daily calls, when there is always something to refresh.
constexpr double kShare = 0.1;
/// Of a middling org, until it has told.
constexpr long kAllowedUnknown = 100'000;
constexpr double kMsPerDay = 86'400'000.0;

}  // namespace

class RefreshWorker::Impl {
 public:
  Impl(const Connection& connection, const Settings& settings, SettlePorts ports, Counters& counters)
      : settings_(settings),
        ports_(ports),
        counters_(counters),
        timing_(connection, settings, ports.clock, ports.store, ports.org),
        graph_(connection.mappings),
        marks_(graph_),
        mappings_(graph_.calculated()) {}

  Result<Step> step();

 private:
  bool take_call();
  Result<void> refresh(const Mapping& mapping, const std::vector<ports::StaleMark>& stale);
  Result<void> merge(const Mapping& mapping, std::span<const ports::StaleMark> stale,
                     const std::map<std::string_view, const RecordRead*>& reads);

  const Settings& settings_;
  SettlePorts ports_;
  Counters& counters_;
  Timing timing_;
  rules::FormulaGraph graph_;
  StaleMarks marks_;
  std::vector<const Mapping*> mappings_;
  double calls_ = kBurst;
  TimeMs earned_at_ = 0;
};

/// Whether there is a call left now.
bool RefreshWorker::Impl::take_call() {
  const TimeMs now = ports_.clock.monotonic();
  const auto usage = ports_.org.api_usage();
  const long allowed = usage && usage->allowed > 0 ? usage->allowed : kAllowedUnknown;
  if (earned_at_ != 0) {
    const double earned = static_cast<double>(now - earned_at_) * kShare * static_cast<double>(allowed) / kMsPerDay;
    calls_ = std::min(kBurst, calls_ + earned);
  }
  earned_at_ = now;
  if (calls_ < 1 || ports_.governor.wait(rules::CallClass::verify, false, now) > 0) return false;
  --calls_;
  return true;
}

Result<void> RefreshWorker::Impl::merge(const Mapping& mapping, std::span<const ports::StaleMark> stale,
                                        const std::map<std::string_view, const RecordRead*>& reads) {
  RecordBatch batch(mapping);
  for (const ports::StaleMark& mark : stale) batch.add({std::nullopt, mark.sfid, {}});
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = timing_.context(mapping);
  std::vector<ports::StaleMark> done;
  std::vector<ports::StaleMark> later;
  marks_.clear();
  for (std::size_t i = 0; i < stale.size(); ++i) {
    const auto read = reads.find(stale[i].sfid);
    const bool waits =
        read != reads.end() && rules::on_refresh(batch.turn(i, context), *read->second) == rules::RefreshVerdict::later;
    (waits ? later : done).push_back(stale[i]);
  }
  // What the database refuses stays as it is: the record's next change tries again.
  DUET_TRY(batch.write(*transaction, [](RecordBatch::Entry&, std::size_t, const Error&) {}));
  for (const RecordBatch::Entry& entry : batch.entries()) marks_.note_refresh(mapping, entry);
  if (!done.empty()) DUET_TRY(transaction->clear_stale(mapping, done));
  if (!later.empty()) DUET_TRY(transaction->put_off_stale(mapping, later, context.now + kLaterMs));
  DUET_TRY(marks_.write(*transaction, context.now));
  DUET_TRY(transaction->commit());
  counters_.records_refreshed += done.size();
  return {};
}

Result<void> RefreshWorker::Impl::refresh(const Mapping& mapping, const std::vector<ports::StaleMark>& stale) {
  std::vector<std::string> sfids;
  for (const ports::StaleMark& mark : stale) sfids.push_back(mark.sfid);
  ports_.governor.called(rules::CallClass::verify, 1, ports_.clock.monotonic());
  const std::vector<RecordRead> reads = DUET_TRY(ports_.org.read(mapping, sfids));
  std::map<std::string_view, const RecordRead*> by_sfid;
  for (const RecordRead& read : reads) by_sfid.emplace(read.sfid, &read);
  const std::span<const ports::StaleMark> all(stale);
  for (std::size_t from = 0; from < all.size(); from += settings_.read_records)
    DUET_TRY(merge(mapping, all.subspan(from, std::min(settings_.read_records, all.size() - from)), by_sfid));
  return {};
}

Result<Step> RefreshWorker::Impl::step() {
  bool worked = false;
  for (const Mapping* mapping : mappings_) {
    const std::vector<ports::StaleMark> stale = DUET_TRY(ports_.store.find_stale(*mapping, timing_.now(), kReadLimit));
    if (stale.empty()) continue;
    if (!take_call()) break;
    DUET_TRY(refresh(*mapping, stale));
    worked = true;
  }
  // Who was first has waited least when calls are scarce.
  if (!mappings_.empty()) std::ranges::rotate(mappings_, std::next(mappings_.begin()));
  return Step{worked, kIdleWaitMs};
}

RefreshWorker::RefreshWorker(const Connection& connection, const Settings& settings, SettlePorts ports,
                             Counters& counters)
    : impl_(std::make_unique<Impl>(connection, settings, ports, counters)) {}

RefreshWorker::~RefreshWorker() = default;

Result<Step> RefreshWorker::step() { return impl_->step(); }

}  // namespace duet::engine
