#include "runtime/policy_preview.h"

#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "model/policy_fit.h"
#include "rules/canonical.h"
#include "rules/combine.h"
#include "rules/merge.h"
#include "runtime/value_json.h"

namespace duet::runtime {
namespace {

using Json = nlohmann::ordered_json;
using postgres::StoredJournalEntry;

constexpr std::size_t kMostExamples = 50;

struct Conflict {
  Value base;
  Value salesforce;
  Value postgres;
  TimeMs salesforce_at = 0;
  TimeMs postgres_at = 0;
};

struct Decided {
  std::string outcome;  ///< salesforce | postgres | hold | merge
  Value value;          ///< Absent while held
};

Conflict conflict_of(const StoredJournalEntry& entry) {
  if (entry.lost_side == name_of(Side::salesforce))
    return {entry.base, entry.lost, entry.kept, entry.lost_at, entry.kept_at};
  return {entry.base, entry.kept, entry.lost, entry.kept_at, entry.lost_at};
}

/// Nothing when not enough was written down.
std::optional<Decided> decide(ConflictPolicy policy, const MappedField& field, const Conflict& conflict,
                              const rules::Context& context) {
  switch (policy) {
    case ConflictPolicy::salesforce:
      return Decided{"salesforce", conflict.salesforce};
    case ConflictPolicy::postgres:
      return Decided{"postgres", conflict.postgres};
    case ConflictPolicy::hold:
      return Decided{"hold", Absent{}};
    case ConflictPolicy::newest: {
      if (conflict.salesforce_at == 0 || conflict.postgres_at == 0) return std::nullopt;
      const Side winner = rules::decide(policy, {conflict.postgres_at, conflict.postgres_at},
                                        {conflict.salesforce_at, conflict.salesforce_at + kMsPerSecond}, context);
      return Decided{std::string(name_of(winner)),
                     winner == Side::salesforce ? conflict.salesforce : conflict.postgres};
    }
    default:
      break;
  }
  auto value = rules::combine(policy, field.schema, conflict.base, conflict.postgres, conflict.salesforce);
  if (!value) return std::nullopt;
  return Decided{"merge", std::move(*value)};
}

Json example(const StoredJournalEntry& entry, const Conflict& conflict, const Decided& decided) {
  Json out = {{"journal_id", entry.id},
              {"field", entry.field},
              {"sfid", text_or_null(entry.sfid)},
              {"at", time_or_null(entry.created_at)}};
  if (!is_absent(conflict.base)) out["base"] = plain_json(conflict.base);
  out["salesforce"] = plain_json(conflict.salesforce);
  out["postgres"] = plain_json(conflict.postgres);
  out["was"] = entry.lost_side == name_of(Side::salesforce) ? "postgres" : "salesforce";
  out["would_be"] = decided.outcome;
  if (!is_absent(decided.value)) out["value"] = plain_json(decided.value);
  return out;
}

}  // namespace

Result<std::string> preview_policy(const Mapping& mapping, const std::string& field, const std::string& policy_name,
                                   std::span<const StoredJournalEntry> conflicts) {
  const auto policy = conflict_policy_from_name(policy_name);
  if (!policy) return fail(ErrorKind::bad_data, fmt::format("{} is no policy", policy_name));
  if (!field.empty()) {
    const MappedField* mapped = mapping.find(field);
    if (!mapped) return fail(ErrorKind::bad_data, fmt::format("{} has no mapped field {}", mapping.object, field));
    if (!fits(*policy, mapped->schema.type))
      return fail(ErrorKind::bad_data, fmt::format("{} cannot have the policy {}", field, policy_name));
  }
  // The clocks' offset of that time was not written down: both are taken as they are.
  const rules::Context context{.mapping = mapping, .our_user = {}};
  long considered = 0;
  long same = 0;
  long unknown = 0;
  std::map<std::string, long> outcomes;
  Json examples = Json::array();
  for (const StoredJournalEntry& entry : conflicts) {
    const MappedField* mapped = mapping.find(entry.field);
    if (!mapped || is_absent(entry.lost) || is_absent(entry.kept)) continue;
    ++considered;
    const Conflict conflict = conflict_of(entry);
    const auto decided =
        fits(*policy, mapped->schema.type) ? decide(*policy, *mapped, conflict, context) : std::optional<Decided>();
    if (!decided) {
      ++unknown;
      continue;
    }
    ++outcomes[decided->outcome];
    if (rules::equal(mapped->schema, decided->value, entry.kept)) {
      ++same;
    } else if (examples.size() < kMostExamples) {
      examples.push_back(example(entry, conflict, *decided));
    }
  }
  Json out;
  out["considered"] = considered;
  out["same"] = same;
  out["different"] = considered - same - unknown;
  out["unknown"] = unknown;
  out["outcomes"] = outcomes;
  out["examples"] = std::move(examples);
  return json_text(out);
}

}  // namespace duet::runtime
