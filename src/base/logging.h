#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace duet {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

std::optional<LogLevel> log_level_from_name(std::string_view name);
std::string_view name_of(LogLevel level);

/// One named fact of a log line. Ids, object and field names, counts and durations; never field values or secrets.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  template <std::integral T>
  LogField(std::string_view k, T v) : key(k), value(std::to_string(v)), quoted(false) {}

  std::string_view key;
  std::string value;
  bool quoted = true;  ///< a string in JSON
};

/// Where log lines go and from which level on; standard error, text, from info on unless called. Call before threads
/// start.
void configure_logging(LogLevel from, LogFormat format);

/// One line: time, level, what happened, then the fields. Control characters are escaped: a line stays one line. Thread
/// safe.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

/// The same with kind, code, message and hint of an error.
void log_error(LogLevel level, std::string_view event, const Error& error, std::initializer_list<LogField> fields = {});

/// The line without its time; what log() writes. For tests.
std::string format_log_line(LogFormat format, LogLevel level, std::string_view event,
                            std::initializer_list<LogField> fields);

/// Lets the first of equal messages through and then one per interval, with how many were left out. One per place of
/// use; not thread safe.
class RepeatLimiter {
 public:
  explicit RepeatLimiter(std::int64_t interval_ms) : interval_ms_(interval_ms) {}

  /// The number of equal messages since the last one that passed, or nothing when this one is to be left out.
  std::optional<std::int64_t> pass(std::string_view message, std::int64_t now_ms);
  /// Forget: the next message passes.
  void reset();

 private:
  std::int64_t interval_ms_;
  std::string last_;
  std::int64_t passed_at_ = 0;
  std::int64_t left_out_ = 0;
};

}  // namespace duet
