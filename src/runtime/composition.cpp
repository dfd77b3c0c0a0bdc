#include "runtime/composition.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "rules/formula_graph.h"
#include "runtime/worker_parts.h"

namespace duet::runtime {
namespace {

/// Threads that poll; more polled mappings than that take turns.
constexpr std::size_t kPollThreads = 8;

}  // namespace

Composition::Composition(PreparedConnection prepared, ConnectionContext context)
    : prepared_(std::move(prepared)), context_(context) {
  const std::vector<Mapping>& mappings = prepared_.connection.mappings;
  if (mappings.empty()) return;
  if (std::ranges::any_of(mappings, [](const Mapping& each) { return each.source == InboundSource::events; }))
    add_inbound();
  if (std::ranges::any_of(mappings, [](const Mapping& each) { return each.access == Access::read_write; }))
    add_outbound();
  add_settle();
  add_refresh();
  add_polls();
  add_loads();
  add("maintenance", [this] { return make_maintenance(prepared_, context_); });
}

Composition::~Composition() {
  // All at once, so that they end side by side.
  request_stop();
}

void Composition::request_stop() {
  for (const auto& runner : runners_) runner->request_stop();
}

bool Composition::any_finished() const {
  return std::ranges::any_of(runners_, &WorkerRunner::finished,
                             [](const auto& each) -> const WorkerRunner& { return *each; });
}

bool Composition::all_finished() const {
  return std::ranges::all_of(runners_, [](const auto& each) { return each->finished(); });
}

void Composition::wake_all() {
  for (const auto& runner : runners_) runner->wake();
}

std::vector<WorkerStatus> Composition::workers() const {
  std::vector<WorkerStatus> all;
  for (const auto& runner : runners_) all.push_back(runner->status());
  return all;
}

void Composition::add(std::string name, WorkerFactory factory, bool is_outbound) {
  RunnerOptions options;
  options.name = std::move(name);
  options.retry_base_ms = context_.config.engine.retry_base_ms;
  options.retry_limit_ms = context_.config.engine.retry_limit_ms;
  options.paused = [&pause = context_.pause, is_outbound] { return pause.stops(is_outbound); };
  runners_.push_back(
      std::make_unique<WorkerRunner>(std::move(options), std::move(factory), context_.clock, context_.random));
}

void Composition::add_inbound() {
  add("inbound", [this] { return make_inbound(prepared_, context_, horizon_); });
}

void Composition::add_outbound() {
  add("outbound", [this] { return make_outbound(prepared_, context_, desk_); }, true);
  add("bulk", [this] { return make_bulk(prepared_, context_, desk_); }, true);
}

void Composition::add_settle() {
  add("settle", [this] { return make_settle(prepared_, context_, horizon_); });
}

/// Without calculated fields there is nothing for it to do.
void Composition::add_refresh() {
  if (rules::FormulaGraph(prepared_.connection.mappings).calculated().empty()) return;
  add("refresh", [this] { return make_refresh(prepared_, context_); });
}

void Composition::add_poll_group(const std::string& name, std::vector<const Mapping*> mappings) {
  add(name, [this, name, mappings = std::move(mappings)] { return make_polls(prepared_, context_, name, mappings); });
}

void Composition::add_polls() {
  std::vector<const Mapping*> streamed;
  std::vector<std::vector<const Mapping*>> polled;
  std::size_t next = 0;
  for (const Mapping& mapping : prepared_.connection.mappings) {
    if (mapping.source == InboundSource::events) {
      streamed.push_back(&mapping);
      continue;
    }
    if (polled.size() < kPollThreads) polled.emplace_back();
    polled[next++ % kPollThreads].push_back(&mapping);
  }
  // Objects with events are read again only after an overflow or a lost position: one thread does it for all.
  if (!streamed.empty()) add_poll_group("reread", std::move(streamed));
  for (std::vector<const Mapping*>& group : polled) {
    const std::string name = group.size() == 1
                                 ? fmt::format("poll {}", group.front()->object)
                                 : fmt::format("poll {} and {} more", group.front()->object, group.size() - 1);
    add_poll_group(name, std::move(group));
  }
}

void Composition::add_loads() {
  for (const Mapping& mapping : prepared_.connection.mappings) loads_.add(mapping);
  const std::size_t threads =
      std::min<std::size_t>(context_.config.loads_at_once, prepared_.connection.mappings.size());
  for (std::size_t i = 0; i < threads; ++i) {
    add(fmt::format("load {}", i + 1), [this] { return make_load(prepared_, context_, loads_); });
  }
}

}  // namespace duet::runtime
