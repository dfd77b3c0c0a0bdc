#include "salesforce/job_rows.h"

#include <algorithm>
#include <optional>

#include "codec/bulk_csv.h"
#include "codec/bulk_csv_write.h"
#include "codec/change_event_value.h"
#include "model/schema.h"
#include "salesforce/rest_bulk.h"
#include "salesforce/rest_error.h"

namespace duet::salesforce {
namespace {

bool by_key(AttemptKind kind) { return kind == AttemptKind::create; }

std::string_view key_column(const Mapping& mapping, AttemptKind kind) {
  return by_key(kind) ? std::string_view(mapping.upsert_field) : std::string_view("Id");
}

}  // namespace

JobRows::JobRows(const Mapping& mapping, AttemptKind kind)
    : kind_(kind), key_(key_column(mapping, kind)), header_(key_) {
  if (kind != AttemptKind::remove) {
    for (const MappedField& field : mapping.fields) {
      const bool writes = by_key(kind) ? field.schema.createable : field.schema.updateable;
      if (!writes || field.parent || field.schema.type == FieldType::id ||
          (by_key(kind) && equals_ignoring_case(field.schema.name, mapping.upsert_field)))
        continue;
      columns_.push_back(field.schema.name);
      header_ += "," + field.schema.name;
    }
  }
  header_ += '\n';
}

Result<bool> JobRows::add(const ports::SendRecord& record, const std::string& parent) {
  for (const auto& [name, value] : record.fields) {
    const bool known = is_absent(value) || name == key_ || std::ranges::find(columns_, name) != columns_.end();
    if (!known) return fail(ErrorKind::bad_data, "A field cannot be written by a Bulk job", "CSV", name);
  }
  std::string row;
  codec::append_csv_text(row, by_key(kind_) ? record.external_id : record.sfid);
  for (const std::string& column : columns_) {
    row += ',';
    DUET_TRY(codec::append_csv_value(row, value_of(record.fields, column)));
  }
  row += '\n';
  if (rows_.size() >= kMaxJobRecords || text_.size() + row.size() > kMaxJobBytes) return false;
  rows_.push_back({parent, text_.size(), row.size()});
  text_ += row;
  return true;
}

std::string JobRows::take() {
  std::ranges::stable_sort(rows_, {}, &Row::parent);
  std::string csv = header_;
  csv.reserve(header_.size() + text_.size());
  for (const Row& row : rows_) csv.append(text_, row.begin, row.size);
  text_ = {};
  rows_ = {};
  return csv;
}

Error read_job_error(std::string_view text) {
  const auto first = text.find(':');
  if (first == std::string_view::npos) return error_of_code("UNKNOWN_ERROR", text);
  const auto last = text.rfind(':');
  const std::string_view message = last > first ? text.substr(first + 1, last - first - 1) : std::string_view();
  Error error = error_of_code(text.substr(0, first), message);
  std::string_view fields = last > first ? text.substr(last + 1) : std::string_view();
  if (fields.ends_with("--")) fields.remove_suffix(2);
  while (fields.ends_with(' ')) fields.remove_suffix(1);
  error.detail = fields;
  std::ranges::replace(error.detail, ' ', ',');
  return error;
}

Result<std::vector<ports::JobOutcome>> read_job_results(const Mapping& mapping, AttemptKind kind, ResultSet set,
                                                        std::string_view csv) {
  codec::BulkCsvReader reader;
  reader.feed(csv);
  reader.end();
  std::vector<ports::JobOutcome> outcomes;
  std::optional<std::size_t> key, sfid, created, error;
  for (bool header = true;; header = false) {
    const auto row = DUET_TRY(reader.next());
    if (!row) break;
    std::string scratch;
    if (header) {
      for (std::size_t i = 0; i < row->size(); ++i) {
        const std::string_view name = codec::unescape((*row)[i], scratch);
        if (name == "sf__Id") sfid = i;
        if (name == "sf__Created") created = i;
        if (name == "sf__Error") error = i;
        if (!key && equals_ignoring_case(name, key_column(mapping, kind))) key = i;
      }
      const bool complete = key && (set == ResultSet::unprocessed || sfid) && (set != ResultSet::failed || error);
      if (!complete)
        return fail(ErrorKind::bad_data, "Salesforce's results of a job cannot be read", "CSV", mapping.object);
      continue;
    }
    const auto cell = [&](std::optional<std::size_t> column) {
      return column && *column < row->size() ? std::string(codec::unescape((*row)[*column], scratch)) : std::string();
    };
    ports::JobOutcome outcome;
    (by_key(kind) ? outcome.external_id : outcome.sfid) = cell(key);
    if (const std::string id = codec::record_id_18(cell(sfid)); !id.empty()) outcome.sfid = id;
    switch (set) {
      case ResultSet::successful:
        outcome.outcome.verdict = ports::Verdict::accepted;
        outcome.outcome.sfid = outcome.sfid;
        outcome.outcome.created = cell(created) == "true";
        break;
      case ResultSet::failed:
        outcome.outcome.verdict = ports::Verdict::rejected;
        outcome.outcome.error = read_job_error(cell(error));
        break;
      case ResultSet::unprocessed:
        outcome.outcome.verdict = ports::Verdict::not_sent;
        break;
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace duet::salesforce
