#include "runtime/import_plan.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

namespace duet::runtime {
namespace {

using codec::MappingProblem;

/// Says something about this object; the way to the org is fine.
bool concerns_object(ErrorKind kind) {
  return kind == ErrorKind::not_found || kind == ErrorKind::forbidden || kind == ErrorKind::rejected ||
         kind == ErrorKind::bad_data || kind == ErrorKind::schema_changed;
}

Result<void> choose_source(ports::Org& org, Mapping& mapping) {
  const Result<bool> events = org.has_change_events(mapping.object);
  if (!events && !concerns_object(events.error().kind)) return std::unexpected(events.error());
  if (events && *events) {
    mapping.source = InboundSource::events;
    mapping.source_reason = fmt::format("{} has change events", mapping.object);
    return {};
  }
  mapping.source = InboundSource::poll;
  mapping.source_reason =
      events ? fmt::format(
                   "{} has no change events that the integration user can see; where the object supports them, select "
                   "it in Setup > "
                   "Change Data Capture and import again",
                   mapping.object)
             : fmt::format("change events of {} cannot be used: {}", mapping.object, events.error().message);
  return {};
}

std::vector<std::string> fields_only_in(const Mapping& one, const Mapping& other) {
  std::vector<std::string> names;
  for (const MappedField& field : one.fields) {
    if (!other.find(field.schema.name)) names.push_back(field.schema.name);
  }
  return names;
}

/// What the file can say about a mapping, as one text.
std::string fingerprint(const Mapping& mapping) {
  codec::MappingFile file;
  file.mappings.push_back(codec::to_file_mapping(mapping));
  return codec::write_mapping_file(file) + (mapping.source == InboundSource::events ? "events" : "poll");
}

PlannedMapping compare(Mapping mapping, const std::vector<Mapping>& existing) {
  PlannedMapping planned;
  auto found = std::ranges::find_if(
      existing, [&](const Mapping& each) { return equals_ignoring_case(each.object, mapping.object); });
  if (found != existing.end()) {
    planned.action = fingerprint(*found) == fingerprint(mapping) ? ImportAction::keep : ImportAction::change;
    planned.added_fields = fields_only_in(mapping, *found);
    planned.removed_fields = fields_only_in(*found, mapping);
    mapping.id = found->id;
  }
  planned.mapping = std::move(mapping);
  return planned;
}

}  // namespace

std::string_view name_of(ImportAction action) {
  switch (action) {
    case ImportAction::create:
      return "create";
    case ImportAction::change:
      return "change";
    case ImportAction::keep:
      break;
  }
  return "keep";
}

bool ImportPlan::possible() const { return std::ranges::none_of(problems, &MappingProblem::fatal); }

Result<std::optional<Mapping>> resolve_against_org(ports::Org& org, const codec::FileMapping& wanted,
                                                   const std::vector<ports::ObjectSummary>& objects,
                                                   std::vector<MappingProblem>& problems) {
  auto summary =
      std::ranges::find_if(objects, [&](const auto& each) { return equals_ignoring_case(each.name, wanted.object); });
  if (summary == objects.end()) {
    std::vector<std::string> names;
    for (const ports::ObjectSummary& each : objects) names.push_back(each.name);
    problems.push_back(codec::unknown_object(wanted, names));
    return std::nullopt;
  }
  const Result<ObjectSchema> schema = org.describe(summary->name);
  if (!schema) {
    if (!concerns_object(schema.error().kind)) return std::unexpected(schema.error());
    problems.push_back({true, wanted.path + ".object_name",
                        fmt::format("{} cannot be described: {}", summary->name, describe(schema.error())),
                        "grant the integration user read access to the object"});
    return std::nullopt;
  }
  std::map<std::string, ObjectSchema, std::less<>> parents;
  for (const std::string& parent : codec::parents_named(wanted, *schema)) {
    if (Result<ObjectSchema> described = org.describe(parent)) {
      parents.emplace(parent, std::move(*described));
    } else if (!concerns_object(described.error().kind)) {
      return std::unexpected(described.error());
    }
  }
  codec::ResolvedMapping resolved =
      codec::resolve_mapping(wanted, *schema, [&](std::string_view object) -> const ObjectSchema* {
        const auto found = parents.find(object);
        return found == parents.end() ? nullptr : &found->second;
      });
  const bool usable = std::ranges::none_of(resolved.problems, &MappingProblem::fatal);
  problems.insert(problems.end(), resolved.problems.begin(), resolved.problems.end());
  if (!usable) return std::nullopt;
  DUET_TRY(choose_source(org, resolved.mapping));
  return std::move(resolved.mapping);
}

Result<ImportPlan> plan_import(ports::Org& org, const codec::MappingFile& file, const std::vector<Mapping>& existing) {
  ImportPlan plan;
  const std::vector<ports::ObjectSummary> objects = DUET_TRY(org.list_objects());
  for (const codec::FileMapping& wanted : file.mappings) {
    auto mapping = DUET_TRY(resolve_against_org(org, wanted, objects, plan.problems));
    if (mapping) plan.mappings.push_back(compare(std::move(*mapping), existing));
  }
  return plan;
}

}  // namespace duet::runtime
