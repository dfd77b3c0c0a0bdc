#include "fake_store.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "row_keys.h"
#include "violations.h"

namespace duet::simulation {
namespace {

std::string words(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* time = std::get_if<DateTime>(&value)) return format_timestamp(time->ms).substr(11);
  return is_absent(value) ? "?" : "null";
}

std::string words(const Lane& lane) {
  std::string out = fmt::format("lane row={} {} rev={}", lane.row_id.value_or(0), lane.sfid, lane.revision);
  if (lane.pending_create) out += " create";
  if (lane.pending_delete) out += " delete";
  for (const auto& [name, pending] : lane.pending) out += fmt::format(" {}<-{}", name, words(pending.base));
  for (const Attempt& attempt : lane.attempts) {
    out += fmt::format(" [{}{}{}", attempt.token.substr(attempt.token.size() - 4),
                       std::string_view("sau").substr(static_cast<std::size_t>(attempt.state), 1),
                       attempt.passed ? "p" : "");
    for (const auto& [name, sent] : attempt.fields)
      out += fmt::format(" {}={}<-{}", name, words(sent.value), words(sent.base));
    out += "]";
  }
  for (const auto& [name, held] : lane.held) {
    for (const HeldValue& value : held)
      out += fmt::format(" held {}={}{}", name, words(value.value), value.certain ? "" : "?");
  }
  for (const auto& [name, frozen] : lane.frozen)
    out += fmt::format(" frozen {}={}/{}/{}", name, words(frozen.base), words(frozen.salesforce), words(frozen.org));
  if (lane.frozen_delete) out += lane.frozen_delete->by_app ? " frozen delete here" : " frozen delete there";
  if (lane.dirty) out += " dirty:" + lane.dirty->reason;
  if (!lane.parked.empty()) out += " parked:" + lane.parked;
  if (lane.tombstone) out += " tombstone";
  return out;
}

}  // namespace

std::string unrest(const Database& db) {
  const auto reread = db.positions.find("reread:Thing__c");
  if (db.range_dirty || (reread != db.positions.end() && !reread->second.empty()))
    return "a range is still to be read again";
  if (!db.jobs.empty()) return "a Bulk job is not finished";
  for (const LogRow& row : db.log) {
    if (row.state == LogState::fresh || row.state == LogState::pending) return "a log row is not processed";
  }
  for (const auto& [id, stored] : db.lanes) {
    Lane lane = stored;
    lane.tombstone.reset();
    lane.read_version.reset();
    if (!lane.empty())
      return "lane " + std::to_string(lane.row_id.value_or(0)) + " " + lane.sfid + " is not at rest" +
             (lane.parked.empty() ? "" : ", parked") + (lane.log.empty() ? "" : ", log") +
             (lane.held.empty() ? "" : ", held") + (lane.frozen.empty() ? "" : ", frozen") +
             (lane.dirty ? ", dirty" : "");
  }
  return {};
}

void FakeStore::take(Database database) {
  if (tell) {
    for (std::size_t i = database_.history.size(); i < database.history.size(); ++i) {
      const RowVersion& version = database.history[i];
      tell(fmt::format("row {} {}={}", version.row_id, version.field, words(version.value)));
    }
    for (std::size_t i = database_.journal.size(); i < database.journal.size(); ++i) {
      const JournalEntry& entry = database.journal[i];
      tell(fmt::format("journal {} {} base={} lost={} kept={} by {}", duet::name_of(entry.reason), entry.field,
                       words(entry.base), words(entry.lost), words(entry.kept), entry.rule));
    }
    for (const auto& [id, lane] : database.lanes) {
      auto old = database_.lanes.find(id);
      if (old == database_.lanes.end() || !(old->second == lane)) tell(words(lane));
    }
    for (const auto& [id, lane] : database_.lanes) {
      if (!database.lanes.contains(id)) tell(fmt::format("no lane row={} {}", lane.row_id.value_or(0), lane.sfid));
    }
  }
  database_ = std::move(database);
}

std::int64_t FakeStore::app_insert(FieldValues values, const std::string& sfid) {
  const bool known = std::ranges::any_of(database_.rows,
                                         [&](const auto& entry) { return !sfid.empty() && entry.second.sfid == sfid; });
  if (known || key_taken(database_, mapping_, key_of(mapping_, values), 0)) return 0;
  Row row;
  row.id = database_.next_row++;
  row.sfid = sfid;
  row.last_op = "PENDING";
  for (const MappedField& field : mapping_.fields) {
    if (field.schema.type != FieldType::id) row.values[field.schema.name] = Null{};
  }
  for (const auto& [name, value] : values) {
    row.values[name] = value;
    database_.history.push_back({row.id, name, value, true});
  }
  LogRow log;
  log.captured = {database_.next_log++, LogAction::insert, row.id, sfid, {}, {}, clock_.now()};
  if (mapping_.ordered) log.captured.new_values = row.values;
  database_.log.push_back(std::move(log));
  const std::int64_t id = row.id;
  database_.rows.emplace(id, std::move(row));
  return id;
}

bool FakeStore::app_update(std::int64_t row_id, const FieldValues& values) {
  auto row = database_.rows.find(row_id);
  if (row == database_.rows.end()) return false;
  LogRow log;
  log.captured = {database_.next_log++, LogAction::update, row_id, row->second.sfid, row->second.values, {},
                  clock_.now()};
  for (const auto& [name, value] : values) {
    if (row->second.values[name] == value) continue;
    row->second.values[name] = value;
    log.captured.changed.push_back(name);
    if (mapping_.ordered) log.captured.new_values[name] = value;
    database_.history.push_back({row_id, name, value, true});
  }
  if (log.captured.changed.empty()) return false;
  row->second.last_op = "PENDING";
  database_.log.push_back(std::move(log));
  return true;
}

bool FakeStore::app_remove(std::int64_t row_id) {
  auto row = database_.rows.find(row_id);
  if (row == database_.rows.end()) return false;
  if (!row->second.sfid.empty()) {
    LogRow log;
    log.captured = {database_.next_log++, LogAction::remove, row_id, row->second.sfid, row->second.values, {},
                    clock_.now()};
    database_.log.push_back(std::move(log));
  }
  database_.rows.erase(row);
  return true;
}

Result<std::optional<std::string>> FakeStore::position(const std::string& source) {
  auto found = database_.positions.find(source);
  if (found == database_.positions.end()) return std::nullopt;
  return found->second;
}

Result<ports::LoadProgress> FakeStore::load_progress(const Mapping&) {
  return ports::LoadProgress{database_.state, static_cast<long>(database_.rows.size())};
}

Result<std::unique_ptr<ports::CopySink>> FakeStore::begin_copy(const Mapping&) {
  return std::unique_ptr<ports::CopySink>{};
}

Result<ports::SpooledEvents> FakeStore::spooled(const Mapping&, std::size_t limit) {
  ports::SpooledEvents spooled;
  const std::size_t count = std::min(limit, database_.spool.size());
  spooled.events.assign(database_.spool.begin(), database_.spool.begin() + static_cast<std::ptrdiff_t>(count));
  spooled.up_to = database_.spooled_until + static_cast<long>(count);
  return spooled;
}

Result<std::vector<std::string>> FakeStore::list_sfids(const Mapping&, const std::string& after, std::size_t limit) {
  std::vector<std::string> sfids;
  for (const auto& [id, row] : database_.rows) {
    if (!row.sfid.empty() && row.sfid > after) sfids.push_back(row.sfid);
  }
  std::ranges::sort(sfids);
  if (sfids.size() > limit) sfids.resize(limit);
  return sfids;
}

Result<std::optional<ports::RangeDirty>> FakeStore::range_dirty(const Mapping&) { return database_.range_dirty; }

}  // namespace duet::simulation
