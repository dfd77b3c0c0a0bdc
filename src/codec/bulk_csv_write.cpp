#include "codec/bulk_csv_write.h"

#include <simdjson.h>

#include "codec/json_record.h"

namespace duet::codec {
namespace {

constexpr std::string_view kNull = "#N/A";

}  // namespace

void append_csv_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

Result<void> append_csv_value(std::string& out, const Value& value) {
  if (is_absent(value)) return {};
  const auto* text = std::get_if<std::string>(&value);
  if (is_null(value) || (text && text->empty())) {
    out += kNull;
    return {};
  }
  if (!text) {
    // Numbers, booleans and times look as in JSON.
    std::string json;
    DUET_TRY(append_json_value(json, value));
    if (json.starts_with('"')) json = json.substr(1, json.size() - 2);
    out += json;
    return {};
  }
  if (!simdjson::validate_utf8(*text))
    return fail(ErrorKind::bad_data, "A value cannot be sent to Salesforce", "CSV", "it is not UTF-8");
  append_csv_text(out, *text);
  return {};
}

}  // namespace duet::codec
