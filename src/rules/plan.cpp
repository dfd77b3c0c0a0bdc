#include "rules/plan.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace duet::rules {
namespace {

/// The Id of the first master that the record names: its records lock that row in the org.
std::string master_of(const PlanItem& item) {
  for (const MappedField& field : item.mapping->fields) {
    if (!field.schema.cascade_delete || field.schema.type != FieldType::reference) continue;
    auto sent = item.attempt->fields.find(field.schema.name);
    if (sent == item.attempt->fields.end()) continue;
    if (const auto* id = std::get_if<std::string>(&sent->second.value)) return *id;
  }
  return {};
}

void add_batches(std::vector<PlannedBatch>& batches, std::vector<PlanItem> items, const PlanLimits& limits) {
  for (const PlanItem& item : items) {
    if (item.conditional) batches.push_back({item.mapping, item.kind, false, true, {item.index}});
  }
  std::erase_if(items, [](const PlanItem& item) { return item.conditional; });
  if (items.empty()) return;
  std::ranges::stable_sort(items, {}, master_of);
  const bool collection = items.size() >= limits.collection_from;
  const std::size_t size = collection ? limits.batch_size : 1;
  for (std::size_t from = 0; from < items.size(); from += size) {
    PlannedBatch batch{items.front().mapping, items.front().kind, collection, false, {}};
    for (std::size_t i = from; i < std::min(from + size, items.size()); ++i) batch.indexes.push_back(items[i].index);
    batches.push_back(std::move(batch));
  }
}

}  // namespace

std::vector<const Mapping*> parents_first(const std::vector<const Mapping*>& mappings) {
  std::vector<const Mapping*> order;
  std::set<const Mapping*> seen;
  const std::function<void(const Mapping*)> visit = [&](const Mapping* mapping) {
    if (!seen.insert(mapping).second) return;
    for (const MappedField& field : mapping->fields) {
      for (const std::string& target : field.schema.reference_to) {
        auto parent = std::ranges::find(mappings, target, [](const Mapping* m) { return m->object; });
        if (parent != mappings.end()) visit(*parent);
      }
    }
    order.push_back(mapping);
  };
  for (const Mapping* mapping : mappings) visit(mapping);
  return order;
}

std::vector<PlannedBatch> plan(const std::vector<PlanItem>& items, const PlanLimits& limits) {
  std::vector<const Mapping*> mappings;
  std::map<std::pair<const Mapping*, AttemptKind>, std::vector<PlanItem>> groups;
  for (const PlanItem& item : items) {
    if (std::ranges::find(mappings, item.mapping) == mappings.end()) mappings.push_back(item.mapping);
    groups[{item.mapping, item.kind}].push_back(item);
  }
  const std::vector<const Mapping*> order = parents_first(mappings);
  std::vector<PlannedBatch> batches;
  for (const Mapping* mapping : order) {
    add_batches(batches, groups[{mapping, AttemptKind::create}], limits);
    add_batches(batches, groups[{mapping, AttemptKind::update}], limits);
  }
  for (auto mapping = order.rbegin(); mapping != order.rend(); ++mapping)
    add_batches(batches, groups[{*mapping, AttemptKind::remove}], limits);
  return batches;
}

}  // namespace duet::rules
