#include "rules/plan.h"

#include <algorithm>
#include <functional>
#include <map>

namespace duet::rules {
namespace {

constexpr std::size_t kShortId = 15;
constexpr std::size_t kLongId = 18;

bool is_record_id(std::string_view text) {
  return (text.size() == kShortId || text.size() == kLongId) && std::ranges::all_of(text, [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

bool is_free(const PlanItem& item, const std::multiset<std::string>& locked) {
  if (!item.sfid.empty() && locked.contains(item.sfid)) return false;
  return std::ranges::none_of(item.parents, [&](const std::string& parent) { return locked.contains(parent); });
}

}  // namespace

std::vector<std::size_t> next_call(const std::vector<PlanItem>& items, const std::multiset<std::string>& locked,
                                   const PlanLimits& limits) {
  // Groups by first parent, in the order of their first item; records without a parent stand for themselves.
  std::vector<std::vector<std::size_t>> groups;
  std::map<std::string_view, std::size_t> group_of;
  for (const PlanItem& item : items) {
    if (!is_free(item, locked)) continue;
    if (item.parents.empty()) {
      groups.push_back({item.index});
      continue;
    }
    const auto [found, fresh] = group_of.try_emplace(item.parents.front(), groups.size());
    if (fresh) groups.emplace_back();
    groups[found->second].push_back(item.index);
  }
  std::vector<std::size_t> call;
  // A full call of one parent first: it takes longest.
  const auto largest = std::ranges::max_element(groups, {}, [](const auto& group) { return group.size(); });
  if (largest != groups.end() && largest->size() >= limits.records) {
    call.assign(largest->begin(), largest->begin() + static_cast<std::ptrdiff_t>(limits.records));
    return call;
  }
  for (const std::vector<std::size_t>& group : groups) {
    if (call.size() == limits.records) break;
    if (call.size() + group.size() > limits.records) continue;
    call.insert(call.end(), group.begin(), group.end());
  }
  return call;
}

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

std::set<std::string> named_parents(const Mapping& mapping, const Attempt& attempt) {
  std::set<std::string> objects;
  for (const auto& [name, sent] : attempt.fields) {
    const MappedField* field = mapping.find(name);
    const auto* text = std::get_if<std::string>(&sent.value);
    if (field && field->parent && text) objects.insert(field->parent->object);
    if (!field || field->schema.reference_to.empty() || !text || is_record_id(*text)) continue;
    objects.insert(field->schema.reference_to.begin(), field->schema.reference_to.end());
  }
  return objects;
}

bool refers_to(const Mapping& mapping, const std::string& object) {
  return std::ranges::any_of(mapping.fields, [&](const MappedField& field) {
    return (field.parent && field.parent->object == object) ||
           std::ranges::find(field.schema.reference_to, object) != field.schema.reference_to.end();
  });
}

}  // namespace duet::rules
