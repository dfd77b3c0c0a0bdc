#include "runtime/create_keys.h"

#include <set>
#include <string>

#include <fmt/format.h>

#include "postgres/connection_store.h"
#include "postgres/mapping_store.h"
#include "runtime/org_access.h"
#include "salesforce/key_field.h"

namespace duet::runtime {
namespace {

constexpr const char* kCheck = "keys.created";

/// Objects with a read-write mapping that has no upsert field.
Result<std::set<std::string>> objects_without_key(const ConnectionConfig& config, const codec::MappingFile* file) {
  std::set<std::string> objects;
  if (file) {
    for (const codec::FileMapping& mapping : file->mappings) {
      if (mapping.access == Access::read_write && mapping.upsert_field.empty()) objects.insert(mapping.object);
    }
    return objects;
  }
  auto session = DUET_TRY(postgres::Session::connect(config.postgres.url, postgres::SessionRole::admin));
  const postgres::Rows present = DUET_TRY(session->query("SELECT pg_catalog.to_regclass('duet.mapping') IS NOT NULL"));
  if (!present.boolean(0, 0)) return objects;
  const postgres::Rows rows = DUET_TRY(session->query("SELECT id FROM duet.connection WHERE name = $1", {config.name}));
  if (rows.empty()) return objects;
  postgres::MappingStore store(*session, static_cast<int>(rows.integer(0, 0)));
  for (const postgres::StoredMapping& stored : DUET_TRY(store.list())) {
    if (stored.mapping.access == Access::read_write && stored.mapping.upsert_field.empty())
      objects.insert(stored.mapping.object);
  }
  return objects;
}

}  // namespace

std::vector<Finding> create_keys(const ConnectionConfig& config, const codec::MappingFile* file) {
  Findings findings(config.name);
  const auto objects = objects_without_key(config, file);
  if (!objects) {
    findings.error(kCheck, objects.error());
    return std::move(findings).take();
  }
  if (objects->empty()) {
    findings.ok(kCheck, "every mapping that writes has an upsert field: there is nothing to create");
    return std::move(findings).take();
  }
  const auto access = OrgAccess::make(config.salesforce, {});
  if (!access) {
    findings.error("org.login", access.error());
    return std::move(findings).take();
  }
  const auto identity = access->make_org()->identity();
  if (!identity) {
    findings.error("org.login", identity.error());
    return std::move(findings).take();
  }
  salesforce::RestClient client(access->session());
  for (const std::string& object : *objects) {
    findings.about(object);
    const Result<bool> created = salesforce::create_key_field(client, identity->user_id, object);
    if (!created) {
      findings.error(kCheck, created.error());
      continue;
    }
    findings.ok(kCheck,
                fmt::format("{}.{} {}: name it as \"upsert_field\" of {} in the mapping file, then import it", object,
                            salesforce::kKeyField, *created ? "is created" : "was there already", object));
  }
  return std::move(findings).take();
}

}  // namespace duet::runtime
