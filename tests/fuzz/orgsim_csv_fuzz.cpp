// Any bytes as an uploaded CSV: rows whose raw texts, put together again, read the same; and records that can be
// written.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/org.h"
#include "orgsim/server/bulk_rows.h"
#include "orgsim/server/csv_reader.h"

namespace {

using namespace orgsim;

using Rows = std::vector<std::vector<std::string>>;

Rows read(std::string_view text, char delimiter, std::string* raw) {
  CsvReader reader(text, delimiter);
  Rows rows;
  while (reader.next()) {
    rows.emplace_back(reader.cells().begin(), reader.cells().end());
    // With the row's own line ending: behind a last field that ends with CR, LF alone would be read as CRLF.
    if (raw != nullptr) raw->append(reader.raw()).append(reader.ended_with_crlf() ? "\r\n" : "\n");
  }
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr char kDelimiters[] = {',', ';', '\t', '|', '^', '`'};
  const char delimiter = kDelimiters[data[0] % 6];
  // A buffer of exactly this size, so that the sanitizer sees every byte read past it.
  const std::vector<char> bytes(data + 1, data + size);
  const std::string_view text(bytes.data(), bytes.size());
  std::string raw;
  const Rows rows = read(text, delimiter, &raw);
  // A mark at the very beginning is no part of a row, and a CR at the very end belongs to one only there.
  const bool special = text.starts_with("\xEF\xBB\xBF") || raw.starts_with("\xEF\xBB\xBF") || text.ends_with('\r');
  if (!special && read(raw, delimiter, nullptr) != rows) std::abort();

  auto records =
      open_bulk_rows(text, {.kind = BulkFormat::Kind::csv, .delimiter = delimiter, .strict_line_ending = false});
  if (!records) return 0;
  static Org org;
  Transaction transaction = org.begin({.transport = Transport::bulk});
  RecordInput record;
  for (int i = 0; i < 50 && (*records)->next(record); ++i) (void)transaction.insert("Account", record);
  return 0;
}
