#include "orgsim/server/record_json_writer.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "orgsim/core/time_text.h"

namespace orgsim {
namespace {

void append_double(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char digits[32];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_integer(FieldType type, std::int64_t value, std::string& out) {
  if (type == FieldType::datetime || type == FieldType::date || type == FieldType::time) {
    out += '"';
    out += type == FieldType::datetime ? rest_datetime(value)
           : type == FieldType::date   ? date_text(value)
                                       : time_text(value);
    out += '"';
    return;
  }
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, copied, i - copied);
    copied = i + 1;
    if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20) {
      out += fmt::format("\\u{:04x}", c);
    } else {
      out += '\\';
      out += static_cast<char>(c);
    }
  }
  out.append(text, copied);
  out += '"';
}

void append_json_value(FieldType type, const CellView& cell, std::string& out) {
  if (const auto* text = std::get_if<std::string_view>(&cell)) {
    append_json_string(*text, out);
  } else if (const auto* flag = std::get_if<bool>(&cell)) {
    out += *flag ? "true" : "false";
  } else if (const auto* number = std::get_if<double>(&cell)) {
    append_double(*number, out);
  } else if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    append_integer(type, *integer, out);
  } else {
    out += "null";
  }
}

RecordJsonWriter::RecordJsonWriter(const QueryCursor& cursor, std::string_view version) : version_(version) {
  const std::string& object = cursor.object().name;
  attributes_ =
      fmt::format(R"("attributes":{{"type":"{}","url":"/services/data/v{}/sobjects/{}/)", object, version, object);
  bool has_id = version.empty();
  is_direct_ = !cursor.is_aggregate() && !cursor.is_nested();
  if (!is_direct_) return;
  for (std::size_t i = 0; i < cursor.columns().size(); ++i) {
    const QueryColumn& column = cursor.columns()[i];
    const bool compound = column.field == nullptr || is_compound(column.field->type);
    if (compound && version.empty()) continue;
    const bool is_url = !version.empty() && !compound && column.field->type == FieldType::base64;
    is_direct_ &= column.parents.empty() && !compound && !is_url;
    if (!is_direct_) return;
    if (column.field->type == FieldType::id) {
      id_column_ = i;
      has_id = true;
    }
    columns_.push_back({.index = i, .type = column.field->type, .key = "\"" + column.path + "\":"});
  }
  is_direct_ &= has_id;
}

void RecordJsonWriter::append(const QueryCursor& cursor, std::string& out,
                              const QueryCursor::ShowChildren& show) const {
  if (!is_direct_) {
    out += cursor.record_json(version_, show).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return;
  }
  const std::vector<CellView>& cells = cursor.cells();
  out += '{';
  if (!version_.empty()) {
    out += attributes_;
    out += std::get<std::string_view>(cells[id_column_]);
    out += "\"}";
  }
  for (const Column& column : columns_) {
    if (out.back() != '{') out += ',';
    out += column.key;
    append_json_value(column.type, cells[column.index], out);
  }
  out += '}';
}

}  // namespace orgsim
