#include "runtime/worker_parts.h"

#include <algorithm>

#include "engine/bulk.h"
#include "engine/inbound.h"
#include "engine/load.h"
#include "engine/outbound.h"
#include "engine/poll.h"
#include "engine/refresh.h"
#include "engine/settle.h"
#include "postgres/pg_store.h"
#include "runtime/composition.h"
#include "runtime/doorbell_bell.h"
#include "runtime/maintenance_worker.h"
#include "runtime/send_pool.h"
#include "runtime/worker_group.h"
#include "salesforce/pubsub_stream.h"

namespace duet::runtime {
namespace {

postgres::StoreOptions store_options(const PreparedConnection& prepared, const ConnectionContext& context) {
  return {context.config.postgres.url, context.config.postgres.schema, prepared.id};
}

RetryPace pace_of(const ConnectionContext& context) {
  return {context.config.engine.retry_base_ms, context.config.engine.retry_limit_ms};
}

/// A worker and what it stands on, so that both have one owner. Parts are destroyed after the worker.
template <class Parts>
class OwningWorker final : public engine::Worker {
 public:
  OwningWorker(std::unique_ptr<Parts> parts, std::unique_ptr<engine::Worker> worker)
      : parts_(std::move(parts)), worker_(std::move(worker)) {}

  std::string_view name() const override { return worker_->name(); }
  Result<engine::Step> step() override { return worker_->step(); }
  Result<void> finish() override { return worker_->finish(); }

 private:
  std::unique_ptr<Parts> parts_;
  std::unique_ptr<engine::Worker> worker_;
};

/// What every worker stands on.
struct StoreAndOrg {
  StoreAndOrg(const PreparedConnection& prepared, const ConnectionContext& context)
      : store(store_options(prepared, context)), org(context.org.make_org()) {}

  postgres::PgStore store;
  std::unique_ptr<ports::Org> org;
};

struct OutboundPoolParts : StoreAndOrg {
  OutboundPoolParts(const PreparedConnection& prepared, const ConnectionContext& context)
      : StoreAndOrg(prepared, context),
        pool([&access = context.org] { return access.make_org(); }, context.config.engine.send_parallel),
        bulk(context.org.make_bulk()) {}

  SendPool pool;
  std::unique_ptr<ports::Bulk> bulk;
};

struct BulkParts : StoreAndOrg {
  BulkParts(const PreparedConnection& prepared, const ConnectionContext& context)
      : StoreAndOrg(prepared, context), bulk(context.org.make_bulk()) {}

  std::unique_ptr<ports::Bulk> bulk;
};

template <class Parts>
WorkerParts owning(std::unique_ptr<Parts> parts, std::unique_ptr<engine::Worker> worker) {
  return {std::make_unique<OwningWorker<Parts>>(std::move(parts), std::move(worker)), nullptr, {}};
}

/// The mapped fields of each object, as the stream's decoder wants them.
class MappedSchemas {
 public:
  explicit MappedSchemas(const std::vector<Mapping>& mappings) {
    for (const Mapping& mapping : mappings) {
      ObjectSchema& schema = schemas_.emplace_back();
      schema.name = mapping.object;
      for (const MappedField& field : mapping.fields) {
        // No event speaks of a parent's external id.
        if (!field.parent) schema.fields.push_back(field.schema);
      }
    }
  }

  const ObjectSchema* find(std::string_view object) const {
    auto found = std::ranges::find(schemas_, object, &ObjectSchema::name);
    return found == schemas_.end() ? nullptr : &*found;
  }

 private:
  std::vector<ObjectSchema> schemas_;
};

struct InboundParts : StoreAndOrg {
  InboundParts(const PreparedConnection& prepared, const ConnectionContext& context)
      : StoreAndOrg(prepared, context),
        schemas(prepared.connection.mappings),
        stream(context.org.session(), context.org.pubsub(),
               [this](std::string_view object) { return schemas.find(object); }) {}

  MappedSchemas schemas;
  salesforce::PubSubStream stream;
};

}  // namespace

Result<WorkerParts> make_inbound(const PreparedConnection& prepared, const ConnectionContext& context,
                                 engine::StreamHorizon& horizon) {
  auto parts = std::make_unique<InboundParts>(prepared, context);
  const engine::InboundPorts ports{parts->stream, parts->store, *parts->org, context.clock};
  auto worker = std::make_unique<engine::InboundWorker>(prepared.connection, context.config.engine, ports, horizon,
                                                        context.counters);
  return owning(std::move(parts), std::move(worker));
}

Result<WorkerParts> make_outbound(const PreparedConnection& prepared, const ConnectionContext& context,
                                  engine::BulkDesk& desk) {
  auto parts = std::make_unique<OutboundPoolParts>(prepared, context);
  const engine::OutboundPorts ports{parts->store,   *parts->org,      parts->pool,  context.clock,
                                    context.random, context.governor, *parts->bulk, desk};
  auto worker =
      std::make_unique<engine::OutboundWorker>(prepared.connection, context.config.engine, ports, context.counters);
  WorkerParts made = owning(std::move(parts), std::move(worker));
  made.bell = std::make_unique<DoorbellBell>(context.config.postgres.url, context.config.postgres.schema);
  return made;
}

Result<WorkerParts> make_bulk(const PreparedConnection& prepared, const ConnectionContext& context,
                              engine::BulkDesk& desk) {
  auto parts = std::make_unique<BulkParts>(prepared, context);
  const engine::BulkPorts ports{parts->store, *parts->org, *parts->bulk, context.clock, context.governor, desk};
  auto worker =
      std::make_unique<engine::BulkWorker>(prepared.connection, context.config.engine, ports, context.counters);
  return owning(std::move(parts), std::move(worker));
}

Result<WorkerParts> make_settle(const PreparedConnection& prepared, const ConnectionContext& context,
                                const engine::StreamHorizon& horizon) {
  auto parts = std::make_unique<StoreAndOrg>(prepared, context);
  const engine::SettlePorts ports{parts->store, *parts->org, context.clock, context.governor};
  auto worker = std::make_unique<engine::SettleWorker>(prepared.connection, context.config.engine, ports, horizon,
                                                       context.counters);
  return owning(std::move(parts), std::move(worker));
}

Result<WorkerParts> make_refresh(const PreparedConnection& prepared, const ConnectionContext& context) {
  auto parts = std::make_unique<StoreAndOrg>(prepared, context);
  const engine::SettlePorts ports{parts->store, *parts->org, context.clock, context.governor};
  auto worker =
      std::make_unique<engine::RefreshWorker>(prepared.connection, context.config.engine, ports, context.counters);
  return owning(std::move(parts), std::move(worker));
}

Result<WorkerParts> make_polls(const PreparedConnection& prepared, const ConnectionContext& context,
                               const std::string& name, const std::vector<const Mapping*>& mappings) {
  auto parts = std::make_unique<StoreAndOrg>(prepared, context);
  const engine::SettlePorts ports{parts->store, *parts->org, context.clock, context.governor};
  auto group = std::make_unique<WorkerGroup>(name, pace_of(context), context.clock, context.random);
  for (const Mapping* mapping : mappings) {
    group->add("poll " + mapping->object,
               std::make_unique<engine::PollWorker>(prepared.connection, *mapping, context.config.engine, ports,
                                                    context.counters));
  }
  const WorkerGroup& members = *group;
  WorkerParts made = owning(std::move(parts), std::move(group));
  made.inner_error = [&members] { return members.current_error(); };
  return made;
}

Result<WorkerParts> make_maintenance(const PreparedConnection& prepared, const ConnectionContext& context) {
  const ConnectionConfig& config = context.config;
  return WorkerParts{std::make_unique<MaintenanceWorker>(
                         config.postgres.url, config.postgres.schema,
                         postgres::IssueRetention{prepared.id, config.journal_days, config.issue_days}),
                     nullptr,
                     {}};
}

Result<WorkerParts> make_load(const PreparedConnection& prepared, const ConnectionContext& context, LoadQueue& queue) {
  auto parts = std::make_unique<StoreAndOrg>(prepared, context);
  const engine::SettlePorts ports{parts->store, *parts->org, context.clock, context.governor};
  auto make_one = [&prepared, &context, ports](const Mapping& mapping) -> std::unique_ptr<engine::Worker> {
    return std::make_unique<engine::LoadWorker>(prepared.connection, mapping, context.config.engine, ports,
                                                context.counters);
  };
  auto is_loaded = [&store = parts->store](const Mapping& mapping) -> Result<bool> {
    return DUET_TRY(store.load_progress(mapping)).state == ports::MappingState::loaded;
  };
  auto runner = std::make_unique<LoadRunner>(queue, std::move(make_one), std::move(is_loaded), pace_of(context),
                                             context.clock, context.random);
  const LoadRunner& load = *runner;
  WorkerParts made = owning(std::move(parts), std::move(runner));
  made.inner_error = [&load] { return load.current_error(); };
  return made;
}

}  // namespace duet::runtime
