#include "rules/match.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rules/canonical.h"
#include "rules/merge.h"

namespace duet::rules {
namespace {

constexpr std::size_t kNamed = 10;
constexpr const char* kAmbiguous = "AMBIGUOUS_MATCH";
constexpr const char* kTaken = "DUPLICATE_ROW";

bool same(const FieldSchema& field, const Value& a, const Value& b) {
  const auto* left = std::get_if<std::string>(&a);
  const auto* right = std::get_if<std::string>(&b);
  return left && right ? same_key(field, *left, *right) : equal(field, a, b);
}

bool is_blank(const FieldSchema& field, const Value& value) {
  return is_absent(value) || is_null(value) || is_null(canonical(field, value));
}

void park(const Turn& turn, const char* code, std::string message) {
  turn.lane().parked = code;
  touch(turn);
  Issue issue;
  issue.kind = "rejected";
  issue.state = "open";
  issue.code = code;
  issue.message = std::move(message);
  turn.change.issues.push_back(std::move(issue));
}

std::string named(const Mapping& mapping) { return fmt::format("{}", fmt::join(mapping.match, ", ")); }

}  // namespace

FieldValues match_values(const Mapping& mapping, const FieldValues& values) {
  FieldValues out;
  for (const std::string& name : mapping.match) {
    const MappedField* field = mapping.find(name);
    const Value& value = value_of(values, name);
    if (!field || is_blank(field->schema, value)) return {};
    out.emplace(name, value);
  }
  return out;
}

bool same_match(const Mapping& mapping, const FieldValues& a, const FieldValues& b) {
  const FieldValues left = match_values(mapping, a);
  const FieldValues right = match_values(mapping, b);
  return !left.empty() && !right.empty() && std::ranges::all_of(left, [&](const auto& entry) {
    return same(mapping.find(entry.first)->schema, entry.second, value_of(right, entry.first));
  });
}

FieldValues match_to_look_up(const Record& record, const Mapping& mapping) {
  if (mapping.match.empty() || !record.row || !record.row->sfid.empty() || record.lane.key_checked) return {};
  return match_values(mapping, record.row->values);
}

std::vector<const RecordRead*> match_candidates(const Mapping& mapping, const FieldValues& row,
                                                std::span<const RecordRead> found) {
  const MappedField* key = mapping.upsert_field.empty() ? nullptr : mapping.find(mapping.upsert_field);
  const std::string chosen = key ? key_text(value_of(row, key->schema.name)) : std::string();
  std::vector<const RecordRead*> candidates;
  for (const RecordRead& read : found) {
    if (read.deleted || !same_match(mapping, row, read.fields)) continue;
    const std::string theirs = key ? key_text(value_of(read.fields, key->schema.name)) : std::string();
    if (!chosen.empty() && !theirs.empty() && !same_key(key->schema, chosen, theirs)) continue;
    // Two look-ups of one call may find the same record.
    if (std::ranges::none_of(candidates, [&](const RecordRead* other) { return other->sfid == read.sfid; }))
      candidates.push_back(&read);
  }
  return candidates;
}

void park_ambiguous_match(const Turn& turn, std::span<const RecordRead* const> candidates) {
  std::vector<std::string> ids;
  for (const RecordRead* candidate : candidates.first(std::min(candidates.size(), kNamed)))
    ids.push_back(candidate->sfid);
  park(turn, kAmbiguous,
       fmt::format("{} records of the org have the same {} as this row ({}{}). Merge them there, then retry; or tell "
                   "the row from them, and it is sent.",
                   candidates.size(), named(turn.mapping()), fmt::join(ids, ", "),
                   candidates.size() > kNamed ? ", …" : ""));
}

void park_match_taken(const Turn& turn, const RecordRead& candidate, std::int64_t row_id) {
  park(
      turn, kTaken,
      fmt::format("The record {} has the same {} as this row, and is already the row with id {}. Delete one of the two "
                  "rows; or tell this one from the record, and it is sent.",
                  candidate.sfid, named(turn.mapping()), row_id));
}

void release_from_match(const Turn& turn, std::span<const std::string> changed) {
  Lane& lane = turn.lane();
  if (lane.parked != kAmbiguous && lane.parked != kTaken) return;
  const bool tells = std::ranges::any_of(changed, [&](const std::string& name) {
    return std::ranges::any_of(turn.mapping().match,
                               [&](const std::string& field) { return equals_ignoring_case(field, name); });
  });
  if (!tells) return;
  lane.parked.clear();
  turn.change.resolved_issues.push_back("rejected");
  touch(turn);
}

}  // namespace duet::rules
