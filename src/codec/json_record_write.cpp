#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <simdjson.h>

#include "codec/json_record.h"

namespace duet::codec {
namespace {

std::unexpected<Error> bad(std::string detail) {
  return fail(ErrorKind::bad_data, "A value cannot be sent to Salesforce", "JSON", std::move(detail));
}

Result<void> append_double(std::string& out, double number) {
  if (!std::isfinite(number)) return bad("it is not a finite number");
  // Shortest text that reads back as the same double; 1.8e308 has 309 digits.
  char buffer[400];
  auto written = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
  if (written.ec != std::errc()) return bad("it has too many digits");
  out.append(buffer, written.ptr);
  return {};
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

Result<void> append_json_value(std::string& out, const Value& value) {
  if (auto* number = std::get_if<double>(&value)) return append_double(out, *number);
  if (auto* text = std::get_if<std::string>(&value)) {
    if (!simdjson::validate_utf8(*text)) return bad("it is not UTF-8");
    append_json_text(out, *text);
  } else if (auto* flag = std::get_if<bool>(&value)) {
    out += *flag ? "true" : "false";
  } else if (auto* whole = std::get_if<std::int64_t>(&value)) {
    fmt::format_to(std::back_inserter(out), "{}", *whole);
  } else if (auto* date = std::get_if<Date>(&value)) {
    append_json_text(out, format_date(date->days));
  } else if (auto* time = std::get_if<DateTime>(&value)) {
    append_json_text(out, format_timestamp(time->ms));
  } else if (auto* of_day = std::get_if<TimeOfDay>(&value)) {
    append_json_text(out, format_time_of_day(of_day->ms) + "Z");
  } else {
    out += "null";
  }
  return {};
}

Result<void> append_json_members(std::string& out, const FieldValues& fields, std::string_view skip) {
  bool first = true;
  for (const auto& [name, value] : fields) {
    if (is_absent(value) || name == skip) continue;
    if (!first) out += ',';
    first = false;
    // A parent by its external id: "Account.Ext__c" goes out as {"Account":{"Ext__c":…}} (spec/salesforce-api.md §2.3).
    const auto dot = name.find('.');
    const bool of_parent = dot != std::string::npos;
    append_json_text(out, of_parent ? std::string_view(name).substr(0, dot) : std::string_view(name));
    out += ':';
    if (of_parent) {
      out += '{';
      append_json_text(out, std::string_view(name).substr(dot + 1));
      out += ':';
    }
    if (auto written = append_json_value(out, value); !written) {
      Error error = std::move(written).error();
      error.detail = name + ": " + error.detail;
      return std::unexpected(std::move(error));
    }
    if (of_parent) out += '}';
  }
  return {};
}

}  // namespace duet::codec
