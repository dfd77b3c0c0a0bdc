#include "orgsim/server/bulk_ingest.h"

#include <fmt/format.h>

#include "orgsim/core/ascii.h"
#include "orgsim/server/csv_reader.h"
#include "orgsim/server/csv_writer.h"

namespace orgsim {

namespace {

/// A piece of the body, made in one turn with the org held: about a millisecond.
constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr std::size_t kPieceRows = 5'000;

/// Reads the upload again beside the outcomes, so that a job keeps no second copy of its rows.
class IngestResults {
 public:
  IngestResults(OrgHost& host, const BulkIngestJob& job, BulkResultKind kind)
      : host_(host),
        load_(job.load),
        data_(load_->data),
        kind_(kind),
        ending_(job.dialect.line_ending()),
        reader_(*data_, job.dialect.delimiter),
        writer_(job.dialect.delimiter, job.dialect.crlf) {
    if (!reader_.next()) return;
    const char comma = job.dialect.delimiter;
    if (kind != BulkResultKind::unprocessed) {
      head_ = fmt::format(R"("sf__Id"{}"{}"{})", comma, kind == BulkResultKind::failed ? "sf__Error" : "sf__Created",
                          comma);
    }
    head_ += reader_.raw();
    head_ += ending_;
  }

  bool next(std::string& piece) {
    piece = std::move(head_);
    head_.clear();
    const OrgHost::Access org = host_.access();
    for (std::size_t rows = 0; rows < kPieceRows && piece.size() + writer_.size() < kPieceBytes; ++rows) {
      if (!reader_.next()) {
        piece += writer_.take();
        return false;
      }
      const BulkOutcome outcome = row_ < load_->outcomes.size() ? load_->outcomes[row_] : BulkOutcome{};
      ++row_;
      write(outcome, piece);
    }
    piece += writer_.take();
    return true;
  }

 private:
  void write(const BulkOutcome& outcome, std::string& piece) {
    using Kind = BulkOutcome::Kind;
    const BulkResultKind is = outcome.kind == Kind::unprocessed ? BulkResultKind::unprocessed
                              : outcome.kind == Kind::failed    ? BulkResultKind::failed
                                                                : BulkResultKind::successful;
    if (is != kind_) return;
    if (is == BulkResultKind::unprocessed) {
      piece += reader_.raw();
      piece += ending_;
      return;
    }
    cell(outcome.id_text());
    if (is == BulkResultKind::failed) {
      cell(bulk_error_text(load_->errors[outcome.error]));
    } else {
      cell(outcome.kind == Kind::created ? "true" : "false");
    }
    for (const std::string_view one : reader_.cells()) cell(one);
    writer_.end_row();
  }

  void cell(std::string_view text) { writer_.cell(FieldType::string, text); }

  OrgHost& host_;
  std::shared_ptr<BulkLoad> load_;
  std::shared_ptr<const std::string> data_;
  BulkResultKind kind_;
  std::string ending_;
  CsvReader reader_;
  CsvWriter writer_;
  std::string head_;
  std::size_t row_ = 0;
};

}  // namespace

Outcome<Operation> read_bulk_operation(std::string_view name) {
  if (same_name(name, "insert")) return Operation::insert;
  if (same_name(name, "update")) return Operation::update;
  if (same_name(name, "upsert")) return Operation::upsert;
  if (same_name(name, "delete")) return Operation::remove;
  if (same_name(name, "hardDelete")) return Operation::purge;
  return fail("INVALIDOPERATION", fmt::format("Unknown operation: {}", name));
}

Outcome<void> read_bulk_target(const Schema& schema, std::string_view name, std::string_view external_id,
                               BulkLoad& load) {
  const ObjectDef* object = schema.object(name);
  if (object == nullptr) return fail("INVALIDENTITY", fmt::format("Unable to find object: {}", name));
  load.object = object->name;
  if (load.operation != Operation::upsert) return {};
  if (external_id.empty()) {
    return fail(kInvalidJob, fmt::format("External ID was blank for {}. An External ID must be specified for upsert.",
                                         object->name));
  }
  const FieldDef* field = object->field(external_id);
  if (field == nullptr || !(field->type == FieldType::id || field->id_lookup || field->external_id)) {
    return fail(kInvalidJob, fmt::format("Field name provided, {} does not match an External ID, Salesforce Id, or "
                                         "indexed field for {}",
                                         external_id, object->name));
  }
  load.key_field = field->name;
  return {};
}

HttpResponse bulk_results(OrgHost& host, const BulkIngestJob& job, BulkResultKind kind) {
  HttpResponse out;
  out.content_type = "text/csv; charset=UTF-8";
  auto results = std::make_shared<IngestResults>(host, job, kind);
  out.stream = [results](std::string& piece) { return results->next(piece); };
  return out;
}

}  // namespace orgsim
