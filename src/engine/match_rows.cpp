#include "engine/match_rows.h"

#include "rules/match.h"

namespace duet::engine {

void UnsentRows::want(const std::string& sfid, const FieldValues& fields) {
  if (mapping_.match.empty() || mapping_.access != Access::read_write) return;
  FieldValues values = rules::match_values(mapping_, fields);
  if (!values.empty()) wanted_.push_back({std::move(values), sfid});
}

Result<void> UnsentRows::find(ports::StoreTransaction& transaction) {
  if (wanted_.empty()) return {};
  std::map<std::size_t, std::vector<ports::MatchingRow>> found;
  std::map<std::int64_t, int> wanted_by;
  for (ports::MatchingRow& row : DUET_TRY(transaction.find_matches(mapping_, wanted_))) {
    ++wanted_by[row.row_id];
    found[row.wanted].push_back(std::move(row));
  }
  for (const auto& [index, rows] : found) {
    const ports::MatchingRow& row = rows.front();
    const bool alone = rows.size() == 1 && row.sfid.empty() && wanted_by[row.row_id] == 1;
    if (alone && row.waiting && !row.sent) rows_.emplace(wanted_[index].sfid, row.row_id);
  }
  return {};
}

std::optional<std::int64_t> UnsentRows::row_of(const std::string& sfid) const {
  const auto found = rows_.find(sfid);
  return found == rows_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace duet::engine
