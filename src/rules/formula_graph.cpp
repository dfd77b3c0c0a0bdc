#include "rules/formula_graph.h"

#include <algorithm>

#include "rules/formula_names.h"

namespace duet::rules {
namespace {

std::string joined(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& segment : path) text += (text.empty() ? "" : ".") + segment;
  return text;
}

/// The mapped field that names the parent; `Owner:User` is the relationship Owner when it leads to a User.
const MappedField* reference_of(const Mapping& mapping, std::string_view relationship) {
  const auto found = std::ranges::find_if(mapping.fields, [&](const MappedField& field) {
    return !field.parent && field.schema.type == FieldType::reference &&
           equals_ignoring_case(field.schema.relationship_name, relationship);
  });
  return found == mapping.fields.end() ? nullptr : &*found;
}

}  // namespace

bool FormulaTrigger::fires(const std::set<std::string, std::less<>>& changed) const {
  if (any) return !changed.empty();
  return std::ranges::any_of(changed, [&](const std::string& name) { return fields.contains(name); });
}

FormulaGraph::FormulaGraph(const std::vector<Mapping>& mappings) : mappings_(mappings) {
  for (const Mapping& mapping : mappings) {
    for (const MappedField& field : mapping.fields) {
      if (!field.schema.calculated || field.parent) continue;
      FormulaEffects& effects = effects_[&mapping];
      if (!effects.self) effects.self.emplace();
      if (field.schema.formula.empty()) {
        effects.self->any = true;
        find_children(mapping, field.schema);
      } else {
        read_formula(mapping, field.schema);
      }
    }
  }
}

void FormulaGraph::read_formula(const Mapping& mapping, const FieldSchema& field) {
  const FormulaNames names = formula_names(field.formula);
  if (names.follows_the_clock) {
    effects_[&mapping].self->any = true;
    note(mapping, field, "its formula reads the clock: the column is as of the last change of the record");
  }
  for (const std::vector<std::string>& path : names.paths) {
    if (path.front().starts_with('$')) {
      note(mapping, field,
           "its formula names " + joined(path) +
               ", whose changes no event tells: the column is as of the last change "
               "of the record");
    } else {
      follow(field, path, 0, {}, mapping);
    }
  }
}

FormulaTrigger& FormulaGraph::trigger_of(const std::vector<FormulaLink>& links, const Mapping& mapping) {
  FormulaEffects& effects = effects_[&mapping];
  if (links.empty()) return effects.self.value();
  auto found = std::ranges::find(effects.dependents, links, &FormulaDependent::path);
  if (found == effects.dependents.end()) {
    effects.dependents.push_back({links, {}});
    found = std::prev(effects.dependents.end());
  }
  return found->trigger;
}

/// Walks one path of a formula; `mapping` is where its segment `at` belongs to, `links` the way there.
void FormulaGraph::follow(const FieldSchema& formula, const std::vector<std::string>& path, std::size_t at,
                          std::vector<FormulaLink> links, const Mapping& mapping) {
  const Mapping& owner = links.empty() ? mapping : *links.front().mapping;
  const std::string& segment = path[at];
  if (at + 1 == path.size()) {
    FormulaTrigger& trigger = trigger_of(links, mapping);
    const MappedField* field = mapping.find(segment);
    if (!field) {
      trigger.any = true;
      return;
    }
    trigger.fields.insert(field->schema.name);
    // A compound is told by its parts.
    for (const MappedField& part : mapping.fields) {
      if (equals_ignoring_case(part.schema.compound_field, field->schema.name)) trigger.fields.insert(part.schema.name);
    }
    return;
  }
  const std::string relationship = segment.substr(0, segment.find(':'));
  const std::string only = relationship.size() == segment.size() ? "" : segment.substr(relationship.size() + 1);
  const MappedField* reference = reference_of(mapping, relationship);
  if (!reference) {
    trigger_of(links, mapping).any = true;
    note(owner, formula,
         "its formula names " + joined(path) + ", and " + mapping.object + " has no mapped field for " + relationship +
             ": a change over there is not seen until the record itself changes");
    return;
  }
  trigger_of(links, mapping).fields.insert(reference->schema.name);
  links.push_back({&mapping, reference->schema.name});
  bool mapped = false;
  for (const Mapping& parent : mappings_) {
    const auto& targets = reference->schema.reference_to;
    if (!only.empty() && !equals_ignoring_case(only, parent.object)) continue;
    if (std::ranges::find(targets, parent.object) == targets.end()) continue;
    mapped = true;
    follow(formula, path, at + 1, links, parent);
  }
  if (!mapped) {
    note(owner, formula,
         "its formula names " + joined(path) + ", and what " + relationship +
             " leads to is not mapped: a change over there is not seen until the record itself changes");
  }
}

/// Nothing tells which children a roll-up summary counts: all that have the record as their master.
void FormulaGraph::find_children(const Mapping& mapping, const FieldSchema& field) {
  bool mapped = false;
  for (const Mapping& child : mappings_) {
    for (const MappedField& reference : child.fields) {
      const auto& targets = reference.schema.reference_to;
      if (!reference.schema.cascade_delete || std::ranges::find(targets, mapping.object) == targets.end()) continue;
      mapped = true;
      auto& roll_ups = effects_[&child].roll_ups;
      const bool known = std::ranges::any_of(roll_ups, [&](const RollUp& each) {
        return each.parent == &mapping && each.reference == reference.schema.name;
      });
      if (!known) roll_ups.push_back({&mapping, reference.schema.name});
    }
  }
  if (!mapped) {
    note(mapping, field,
         "it is calculated, the org does not tell from what, and no child of the object is mapped: the column is as of "
         "the last change of the record");
  }
}

void FormulaGraph::note(const Mapping& mapping, const FieldSchema& field, std::string text) {
  notes_.push_back({mapping.object, field.name, std::move(text)});
}

const FormulaEffects* FormulaGraph::effects_of(const Mapping& mapping) const {
  const auto found = effects_.find(&mapping);
  return found == effects_.end() ? nullptr : &found->second;
}

std::vector<const Mapping*> FormulaGraph::calculated() const {
  std::vector<const Mapping*> found;
  for (const Mapping& mapping : mappings_) {
    const FormulaEffects* effects = effects_of(mapping);
    if (effects && effects->self) found.push_back(&mapping);
  }
  return found;
}

}  // namespace duet::rules
