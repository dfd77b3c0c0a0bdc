#include "orgsim/server/bulk1_results.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orgsim/core/time_text.h"
#include "orgsim/server/bulk_xml.h"
#include "orgsim/server/csv_writer.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/record_json_writer.h"
#include "orgsim/server/soap_message.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// Rows written in one turn with the org held.
constexpr std::size_t kRowsPerTurn = 500;

/// A body made row by row between a head and a foot.
class RowStream {
 public:
  virtual ~RowStream() = default;
  RowStream(OrgHost& host, std::uint64_t first, std::uint64_t end)
      : host_(host), first_(first), row_(first), end_(end) {}

  bool next(std::string& piece) {
    if (row_ == first_) head(piece);
    {
      const OrgHost::Access org = host_.access();
      const std::uint64_t turn_end = std::min<std::uint64_t>(end_, row_ + kRowsPerTurn);
      for (; row_ < turn_end; ++row_) write(row_, row_ == first_, piece);
    }
    if (row_ < end_) return true;
    foot(piece);
    return false;
  }

 protected:
  virtual void head(std::string& out) = 0;
  virtual void write(std::uint64_t row, bool first, std::string& out) = 0;
  virtual void foot(std::string& out) = 0;

 private:
  OrgHost& host_;
  std::uint64_t first_;
  std::uint64_t row_;
  std::uint64_t end_;
};

HttpResponse stream_answer(std::shared_ptr<RowStream> stream, std::string_view content_type) {
  HttpResponse out;
  if (content_type == "CSV") out.content_type = "text/csv; charset=UTF-8";
  if (content_type == "JSON") out.content_type = "application/json; charset=UTF-8";
  if (content_type == "XML") out.content_type = "application/xml; charset=UTF-8";
  out.stream = [stream = std::move(stream)](std::string& piece) { return stream->next(piece); };
  return out;
}

/// "Id","Success","Created","Error" and its likes.
class OutcomeStream final : public RowStream {
 public:
  OutcomeStream(OrgHost& host, std::shared_ptr<BulkLoad> load, std::string content_type)
      : RowStream(host, 0, load->outcomes.size()), load_(std::move(load)), content_type_(std::move(content_type)) {}

 protected:
  void head(std::string& out) override {
    if (content_type_ == "CSV") out = "\"Id\",\"Success\",\"Created\",\"Error\"\n";
    if (content_type_ == "JSON") out = "[";
    if (content_type_ == "XML") {
      out = fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?><results xmlns="{}">)", kBulkNamespace);
    }
  }

  void write(std::uint64_t row, bool first, std::string& out) override {
    const BulkOutcome& outcome = load_->outcomes[row];
    const bool success = outcome.kind != BulkOutcome::Kind::failed;
    const bool created = outcome.kind == BulkOutcome::Kind::created;
    const Error error = success ? Error{} : load_->errors[outcome.error];
    if (content_type_ == "CSV") {
      csv_.cell(FieldType::string, outcome.id_text());
      csv_.cell(FieldType::boolean, success);
      csv_.cell(FieldType::boolean, created);
      csv_.cell(FieldType::string, success ? std::string_view() : std::string_view(text_ = bulk_error_text(error)));
      csv_.end_row();
      out += csv_.take();
    } else if (content_type_ == "JSON") {
      json errors = json::array();
      if (!success) {
        errors.push_back({{"statusCode", error.code},
                          {"message", error.message},
                          {"fields", error.fields},
                          {"extendedErrorDetails", nullptr}});
      }
      const json id = outcome.id_text().empty() ? json() : json(outcome.id_text());
      if (!first) out += ',';
      out += json_text(json{{"success", success}, {"created", created}, {"id", id}, {"errors", std::move(errors)}});
    } else {
      write_xml(outcome, success, created, error, out);
    }
  }

  void foot(std::string& out) override {
    if (content_type_ == "JSON") out += "]";
    if (content_type_ == "XML") out += "</results>";
  }

 private:
  static void write_xml(const BulkOutcome& outcome, bool success, bool created, const Error& error, std::string& out) {
    out += "<result>";
    if (!success) {
      out += "<errors>";
      for (const std::string& field : error.fields) append_element(out, "fields", field);
      append_element(out, "message", error.message);
      append_element(out, "statusCode", error.code);
      out += "</errors>";
    }
    if (!outcome.id_text().empty()) append_element(out, "id", outcome.id_text());
    append_element(out, "success", success ? "true" : "false");
    append_element(out, "created", created ? "true" : "false");
    out += "</result>";
  }

  std::shared_ptr<BulkLoad> load_;
  std::string content_type_;
  CsvWriter csv_{',', false};
  std::string text_;
};

/// Rows of a query. JSON has dates as milliseconds, which is what this API does [MEM].
class QueryStream final : public RowStream {
 public:
  QueryStream(OrgHost& host, std::shared_ptr<Bulk1Batch> batch, const Bulk1Job& job)
      : RowStream(host, batch->first_row, batch->end_row),
        batch_(std::move(batch)),
        content_type_(job.content_type),
        version_(job.version) {}

 protected:
  void head(std::string& out) override {
    if (content_type_ == "CSV") {
      if (batch_->first_row == batch_->end_row) {
        out = "Records not found for this query";
        return;
      }
      std::vector<std::string> names;
      for (const QueryColumn& column : batch_->cursor->columns()) names.push_back(column.path);
      csv_.header(names);
      out = csv_.take();
    }
    if (content_type_ == "JSON") out = "[";
    if (content_type_ == "XML") {
      out = fmt::format(
          R"(<?xml version="1.0" encoding="UTF-8"?><queryResult xmlns="{}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">)",
          kBulkNamespace);
    }
  }

  void write(std::uint64_t row, bool first, std::string& out) override {
    QueryCursor& cursor = *batch_->cursor;
    cursor.seek(row);
    if (!cursor.next()) return;
    const std::vector<CellView>& cells = cursor.cells();
    if (content_type_ == "CSV") {
      for (std::size_t i = 0; i < cells.size(); ++i) csv_.cell(cursor.columns()[i].field->type, cells[i]);
      csv_.end_row();
      out += csv_.take();
    } else if (content_type_ == "JSON") {
      if (!first) out += ',';
      out += json_text(json_row(cursor));
    } else {
      xml_row(cursor, out);
    }
  }

  void foot(std::string& out) override {
    if (content_type_ == "JSON") out += "]";
    if (content_type_ == "XML") out += "</queryResult>";
  }

 private:
  nlohmann::ordered_json json_row(const QueryCursor& cursor) const {
    nlohmann::ordered_json record = cursor.record_json(version_);
    for (std::size_t i = 0; i < cursor.columns().size(); ++i) {
      const QueryColumn& column = cursor.columns()[i];
      const auto* moment = std::get_if<std::int64_t>(&cursor.cells()[i]);
      const bool is_moment = column.field->type == FieldType::datetime || column.field->type == FieldType::date;
      if (moment == nullptr || !is_moment) continue;
      nlohmann::ordered_json* place = &record;
      for (const std::string& parent : column.parents) place = &(*place)[parent];
      (*place)[column.field->name] = column.field->type == FieldType::date ? *moment * kMsPerDay : *moment;
    }
    return record;
  }

  void xml_row(const QueryCursor& cursor, std::string& out) const {
    out += R"(<records xsi:type="sObject">)";
    append_element(out, "type", cursor.object().name);
    for (std::size_t i = 0; i < cursor.columns().size(); ++i) {
      const QueryColumn& column = cursor.columns()[i];
      const CellView& cell = cursor.cells()[i];
      if (is_null(cell)) {
        append_nil(out, column.path);
      } else {
        const json value = rest_value(*column.field, cell);
        const auto* moment = std::get_if<std::int64_t>(&cell);
        const bool is_datetime = moment != nullptr && column.field->type == FieldType::datetime;
        append_element(out, column.path,
                       is_datetime         ? bulk_datetime(*moment)
                       : value.is_string() ? value.get<std::string>()
                                           : value.dump());
      }
    }
    out += "</records>";
  }

  std::shared_ptr<Bulk1Batch> batch_;
  std::string content_type_;
  std::string version_;
  CsvWriter csv_{',', false};
};

}  // namespace

HttpResponse bulk1_row_results(OrgHost& host, const Bulk1Job& job, const std::shared_ptr<Bulk1Batch>& batch) {
  return stream_answer(std::make_shared<OutcomeStream>(host, batch->load, job.content_type), job.content_type);
}

HttpResponse bulk1_query_rows(OrgHost& host, const Bulk1Job& job, const std::shared_ptr<Bulk1Batch>& batch) {
  return stream_answer(std::make_shared<QueryStream>(host, batch, job), job.content_type);
}

}  // namespace orgsim
