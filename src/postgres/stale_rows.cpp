#include "postgres/stale_rows.h"

#include <fmt/format.h>

#include "postgres/array_text.h"

namespace duet::postgres {
namespace {

/// Ids of tables of ours have a collation of their own, references do not: the index on the reference is the one that
/// finds children.
constexpr std::string_view kPlain = "COLLATE pg_catalog.\"default\"";

/// Marks of the records that are still marked as they were seen, locked.
constexpr std::string_view kSeen =
    "WITH seen AS (SELECT s.sfid FROM duet.stale AS s JOIN ROWS FROM (pg_catalog.unnest($2::text[]), "
    "pg_catalog.unnest($3::bigint[])) AS m "
    "(sfid, mark) ON s.sfid = m.sfid AND s.mark = m.mark WHERE s.mapping_id = $1::bigint ORDER BY s.sfid FOR UPDATE OF "
    "s)";

class ScopeSql {
 public:
  ScopeSql(StoreSession& store, std::vector<Param>& params) : store_(store), params_(params) {}

  /// SELECT of mapping_id and sfid.
  std::string select(const ports::StaleScope& scope) {
    const std::int64_t marked = scope.path.front().mapping->id;
    if (scope.path.front().reference.empty())
      return fmt::format("SELECT {}::bigint, u.sfid COLLATE \"C\" FROM pg_catalog.unnest({}) AS u (sfid)", marked,
                         ids(scope));
    std::string sql =
        fmt::format("SELECT {}::bigint, t0.sfid::text COLLATE \"C\" FROM {} AS t0", marked, table(scope, 0).qualified);
    for (std::size_t i = 1; i < scope.path.size(); ++i)
      sql += fmt::format(" JOIN {} AS t{} ON {} = t{}.sfid {}", table(scope, i).qualified, i, reference(scope, i - 1),
                         i, kPlain);
    return sql +
           fmt::format(" WHERE t0.sfid IS NOT NULL AND {} {}", reference(scope, scope.path.size() - 1), changed(scope));
  }

 private:
  const MappedTable& table(const ports::StaleScope& scope, std::size_t link) {
    return store_.table(*scope.path[link].mapping);
  }

  std::string reference(const ports::StaleScope& scope, std::size_t link) {
    const MappedTable& of = table(scope, link);
    return fmt::format("t{}.{}", link, of.columns[of.by_field.at(scope.path[link].reference)].quoted);
  }

  std::string ids(const ports::StaleScope& scope) {
    params_.emplace_back(array_of(scope.sfids));
    return fmt::format("${}::text[]", params_.size());
  }

  std::string changed(const ports::StaleScope& scope) {
    if (!scope.changed) return fmt::format("= ANY ({})", ids(scope));
    const MappedTable& of = store_.table(*scope.changed);
    params_.emplace_back(std::to_string(scope.since));
    return fmt::format(
        "IN (SELECT p.sfid {} FROM {} AS p WHERE p.{} >= pg_catalog.to_timestamp(${}::bigint / 1000.0) AT TIME ZONE "
        "'UTC')",
        kPlain, of.qualified, of.columns[of.by_field.at("SystemModstamp")].quoted, params_.size());
  }

  StoreSession& store_;
  std::vector<Param>& params_;
};

/// Mapping, Ids and marks as $1 to $3.
std::vector<Param> seen_params(const Mapping& mapping, std::span<const ports::StaleMark> marks) {
  ArrayText sfids;
  ArrayText numbers;
  for (const ports::StaleMark& mark : marks) {
    sfids.add(std::string_view(mark.sfid));
    numbers.add(mark.mark);
  }
  return {std::to_string(mapping.id), std::move(sfids).finish(), std::move(numbers).finish()};
}

}  // namespace

Statement mark_stale_statement(StoreSession& store, std::span<const ports::StaleScope> scopes, TimeMs due) {
  Statement statement;
  statement.params = {std::to_string(due)};
  ScopeSql sql(store, statement.params);
  std::string selects;
  for (const ports::StaleScope& scope : scopes) selects += (selects.empty() ? "" : " UNION ") + sql.select(scope);
  statement.sql = fmt::format(
      "INSERT INTO duet.stale AS s (mapping_id, sfid, due) SELECT DISTINCT u.mapping_id, u.sfid, $1::bigint FROM ({}) "
      "AS u (mapping_id, sfid) ORDER BY u.mapping_id, u.sfid ON CONFLICT (mapping_id, sfid) DO UPDATE SET "
      "mark = excluded.mark, due = least(s.due, excluded.due)",
      selects);
  return statement;
}

Statement clear_stale_statement(const Mapping& mapping, std::span<const ports::StaleMark> marks) {
  return {
      fmt::format("{} DELETE FROM duet.stale AS s USING seen WHERE s.mapping_id = $1::bigint AND s.sfid = seen.sfid",
                  kSeen),
      seen_params(mapping, marks)};
}

Statement put_off_stale_statement(const Mapping& mapping, std::span<const ports::StaleMark> marks, TimeMs due) {
  Statement statement{fmt::format("{} UPDATE duet.stale AS s SET due = $4::bigint FROM seen WHERE s.mapping_id = "
                                  "$1::bigint AND s.sfid = seen.sfid",
                                  kSeen),
                      seen_params(mapping, marks)};
  statement.params.emplace_back(std::to_string(due));
  return statement;
}

Statement find_stale_statement(const Mapping& mapping, TimeMs now, std::size_t limit) {
  return {
      "SELECT s.sfid, s.mark FROM duet.stale AS s WHERE s.mapping_id = $1::bigint AND s.due <= $2::bigint AND EXISTS "
      "(SELECT FROM duet.mapping AS m WHERE m.id = $1::bigint AND m.state = 'loaded') ORDER BY s.due, s.sfid LIMIT "
      "$3::bigint",
      {std::to_string(mapping.id), std::to_string(now), std::to_string(limit)}};
}

}  // namespace duet::postgres
