#include "base/logging.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/time.h"

namespace duet {
namespace {

std::atomic<LogFormat> log_format{LogFormat::text};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = std::make_shared<spdlog::logger>("duet", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->set_pattern("%v");
    created->flush_on(spdlog::level::trace);
    return created;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  out += '"';
}

bool needs_quotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](char c) {
           return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\' || c == 0x7f;
         });
}

std::string line_start(LogFormat format, LogLevel level, std::string_view event) {
  std::string line;
  if (format == LogFormat::json) {
    line = fmt::format(R"("level":"{}","event":)", name_of(level));
    append_quoted(line, event);
  } else {
    line = fmt::format("{:5} {}", name_of(level), event);
  }
  return line;
}

void append_field(std::string& line, LogFormat format, const LogField& field) {
  if (format == LogFormat::json) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    if (field.quoted) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
    return;
  }
  line += fmt::format(" {}=", field.key);
  if (field.quoted && needs_quotes(field.value)) {
    append_quoted(line, field.value);
  } else {
    line += field.value;
  }
}

void write(LogLevel level, const std::string& line) {
  const TimeMs now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  // The line is an argument, never a format string.
  if (log_format.load(std::memory_order_relaxed) == LogFormat::json) {
    logger().log(to_spdlog(level), "{{\"time\":\"{}\",{}}}", format_timestamp(now), line);
  } else {
    logger().log(to_spdlog(level), "{} {}", format_timestamp(now), line);
  }
}

}  // namespace

std::optional<LogLevel> log_level_from_name(std::string_view name) {
  for (LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    if (name == name_of(level)) return level;
  }
  return std::nullopt;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      break;
  }
  return "error";
}

void configure_logging(LogLevel from, LogFormat format) {
  log_format.store(format, std::memory_order_relaxed);
  logger().set_level(to_spdlog(from));
}

std::string format_log_line(LogFormat format, LogLevel level, std::string_view event,
                            std::initializer_list<LogField> fields) {
  std::string line = line_start(format, level, event);
  for (const LogField& field : fields) append_field(line, format, field);
  return line;
}

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!logger().should_log(to_spdlog(level))) return;
  write(level, format_log_line(log_format.load(std::memory_order_relaxed), level, event, fields));
}

void log_error(LogLevel level, std::string_view event, const Error& error, std::initializer_list<LogField> fields) {
  if (!logger().should_log(to_spdlog(level))) return;
  const LogFormat format = log_format.load(std::memory_order_relaxed);
  std::string line = format_log_line(format, level, event, fields);
  append_field(line, format, {"kind", name_of(error.kind)});
  append_field(line, format, {"error", describe(error)});
  // describe() has the detail already.
  if (const auto hint = policy_of(error.kind).hint; error.detail.empty() && !hint.empty())
    append_field(line, format, {"hint", hint});
  write(level, line);
}

std::optional<std::int64_t> RepeatLimiter::pass(std::string_view message, std::int64_t now_ms) {
  if (message == last_ && now_ms - passed_at_ < interval_ms_) {
    ++left_out_;
    return std::nullopt;
  }
  const std::int64_t left_out = message == last_ ? left_out_ : 0;
  last_ = message;
  passed_at_ = now_ms;
  left_out_ = 0;
  return left_out;
}

void RepeatLimiter::reset() {
  last_.clear();
  left_out_ = 0;
}

}  // namespace duet
