// Any bytes, cut into any chunks: the CSV reader gives the same rows or refuses, and what it gives converts to COPY
// without harm.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "codec/bulk_csv.h"
#include "codec/csv_to_copy.h"
#include "codec/csv_to_reads.h"

namespace {

using namespace duet;
using namespace duet::codec;

struct Reading {
  std::vector<std::vector<std::string>> rows;
  bool refused = false;

  bool operator==(const Reading&) const = default;
};

Reading read(std::string_view csv, std::size_t chunk_size) {
  BulkCsvReader reader;
  Reading reading;
  const auto drain = [&] {
    while (!reading.refused) {
      const auto row = reader.next();
      reading.refused = !row;
      if (!row || !*row) return;
      auto& cells = reading.rows.emplace_back();
      for (const CsvCell& cell : **row) append_unescaped(cell, cells.emplace_back());
    }
  };
  for (std::size_t at = 0; at < csv.size() && !reading.refused; at += chunk_size) {
    // A buffer of exactly this size, so that the sanitizer sees every byte read past it.
    const std::vector<char> chunk(csv.begin() + static_cast<std::ptrdiff_t>(at),
                                  csv.begin() + static_cast<std::ptrdiff_t>(std::min(csv.size(), at + chunk_size)));
    reader.feed({chunk.data(), chunk.size()});
    drain();
  }
  reader.end();
  drain();
  return reading;
}

Mapping all_types() {
  Mapping mapping;
  mapping.object = "Account";
  int number = 0;
  for (const FieldType type :
       {FieldType::id, FieldType::string, FieldType::textarea, FieldType::boolean, FieldType::integer,
        FieldType::currency, FieldType::date, FieldType::datetime, FieldType::time}) {
    MappedField field;
    field.schema.name = type == FieldType::id ? "Id" : "F" + std::to_string(number++);
    field.schema.type = type;
    field.schema.length = 8;
    field.column = to_lower(field.schema.name);
    mapping.fields.push_back(std::move(field));
  }
  return mapping;
}

void convert(std::string_view rows) {
  static const Mapping mapping = all_types();
  std::string csv;
  for (const MappedField& field : mapping.fields) csv += (csv.empty() ? "" : ",") + field.schema.name;
  csv += '\n';
  csv += rows;

  CopyWriter out;
  CsvToCopy conversion(mapping, out);
  if (conversion.convert(csv)) (void)conversion.finish();

  CsvToReads reads(mapping);
  reads.feed(csv);
  reads.end();
  while (true) {
    const auto record = reads.next();
    if (!record || !*record) break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t chunk_size = std::size_t{1} + data[0];
  const std::string_view csv(reinterpret_cast<const char*>(data + 1), size - 1);
  if (read(csv, chunk_size) != read(csv, std::max<std::size_t>(csv.size(), 1))) std::abort();
  convert(csv);
  return 0;
}
