#include "orgsim/server/bulk_rows.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orgsim/core/value.h"
#include "orgsim/server/bulk_xml.h"
#include "orgsim/server/csv_reader.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {

namespace {

class CsvRows final : public BulkRows {
 public:
  CsvRows(std::string_view data, char delimiter) : reader_(data, delimiter) {}

  Outcome<void> read_header(const BulkFormat& format) {
    if (!reader_.next()) return reader_.error().empty() ? Outcome<void>{} : fail("InvalidBatch", reader_.error());
    if (format.strict_line_ending && reader_.ended() && reader_.ended_with_crlf() != format.crlf) {
      return fail("ClientInputError",
                  fmt::format("LineEnding is invalid on user data. Current LineEnding setting is {}",
                              format.crlf ? "CRLF" : "LF"));
    }
    for (const std::string_view name : reader_.cells()) {
      if (!is_utf8(name)) return fail("InvalidBatch", "Failed to parse CSV: the header is not UTF-8");
      columns_.emplace_back(name);
    }
    return {};
  }

  const std::vector<std::string>& columns() const override { return columns_; }
  const Error& error() const override { return error_; }

  bool next(RecordInput& record) override {
    record = {};
    record.csv = true;
    if (!reader_.next()) {
      if (!reader_.error().empty()) error_ = make_error("InvalidBatch", reader_.error());
      return false;
    }
    const std::vector<std::string_view>& cells = reader_.cells();
    if (cells.size() != columns_.size()) {
      error_ = make_error("InvalidBatch", fmt::format("Found row with {} fields, but the header has {}", cells.size(),
                                                      columns_.size()));
      return false;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) add_csv_cell(record, columns_[i], cells[i]);
    return true;
  }

 private:
  CsvReader reader_;
  std::vector<std::string> columns_;
  Error error_;
};

/// An array of records, as Bulk API 1.0 takes it: at most 10 MB of text.
class JsonRows final : public BulkRows {
 public:
  explicit JsonRows(nlohmann::json records) : records_(std::move(records)) {}

  const std::vector<std::string>& columns() const override { return columns_; }
  const Error& error() const override { return error_; }

  bool next(RecordInput& record) override {
    if (at_ == records_.size()) return false;
    auto read = record_input(records_[at_]);
    if (!read) {
      error_ = make_error("InvalidBatch", read.error().message);
      return false;
    }
    record = *std::move(read);
    ++at_;
    return true;
  }

 private:
  nlohmann::json records_;
  std::size_t at_ = 0;
  std::vector<std::string> columns_;
  Error error_;
};

Outcome<std::unique_ptr<BulkRows>> open_json_rows(std::string_view data) {
  Outcome<nlohmann::json> body = parse_json(data);
  if (!body) return fail("InvalidBatch", "Failed to parse JSON: " + body.error().message);
  if (!body->is_array()) return fail("InvalidBatch", "Failed to parse JSON: a batch must be an array of records");
  return std::make_unique<JsonRows>(*std::move(body));
}

}  // namespace

Outcome<std::unique_ptr<BulkRows>> open_bulk_rows(std::string_view data, const BulkFormat& format) {
  if (format.kind == BulkFormat::Kind::json) return open_json_rows(data);
  if (format.kind == BulkFormat::Kind::xml) return open_xml_rows(data);
  auto rows = std::make_unique<CsvRows>(data, format.delimiter);
  if (auto read = rows->read_header(format); !read) return std::unexpected(read.error());
  return rows;
}

}  // namespace orgsim
