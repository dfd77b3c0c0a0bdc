#include <termios.h>
#include <unistd.h>

#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/opening.h"
#include "postgres/audit_store.h"
#include "postgres/migrations.h"
#include "runtime/access.h"
#include "runtime/system_ports.h"

namespace duet::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Typing is not shown while this lives.
class HiddenTyping {
 public:
  HiddenTyping() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
  }
  ~HiddenTyping() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

std::string ask(const char* prompt) {
  fmt::print(stderr, "{}", prompt);
  std::string line;
  {
    const HiddenTyping hidden;
    std::getline(std::cin, line);
  }
  fmt::print(stderr, "\n");
  return line;
}

/// From the terminal, twice; else the first line of standard input. Never an argument, which other users can see.
Result<std::string> read_password() {
  if (::isatty(STDIN_FILENO) != 1) {
    std::string line;
    std::getline(std::cin, line);
    return line;
  }
  const std::string first = ask("password: ");
  if (ask("once more: ") != first) return fail(ErrorKind::config, "the passwords differ");
  return first;
}

struct Opening {
  runtime::SystemClock clock;
  runtime::Config config;
};

Result<std::unique_ptr<Opening>> open(const GlobalOptions& global) {
  auto opening = std::make_unique<Opening>();
  opening->config = DUET_TRY(runtime::load_config(global.config_file, runtime::process_environment()));
  configure_logging(LogLevel::error, LogFormat::text);
  return opening;
}

std::string time_or_dash(TimeMs time) { return time == 0 ? "-" : format_timestamp(time); }

Result<void> list_users(runtime::Access& access, bool json) {
  const auto users = DUET_TRY(access.users());
  if (json) {
    Json out;
    Json& list = out["users"] = Json::array();
    for (const auto& user : users)
      list.push_back({{"name", user.name}, {"role", user.role}, {"disabled", user.disabled}});
    fmt::print("{}\n", out.dump(2));
    return {};
  }
  TextTable table({"NAME", "ROLE", "STATE", "SINCE", "LAST LOGIN"});
  for (const auto& user : users)
    table.add({user.name, user.role, user.disabled ? "disabled" : "active", time_or_dash(user.created_at),
               time_or_dash(user.last_login_at)});
  fmt::print("{}", table.empty() ? "There are no users: duet user add NAME --role admin\n" : table.text());
  return {};
}

Result<void> user(const GlobalOptions& global, const UserOptions& options) {
  const auto opening = DUET_TRY(open(global));
  runtime::Access access(opening->config.access_url, {}, opening->clock);
  const runtime::Caller caller = command_line_caller();
  runtime::UserWish wish;
  wish.name = options.name;
  if (options.action == "list") return list_users(access, global.json);
  if (options.action == "add") {
    wish.role = options.role;
    wish.password = DUET_TRY(read_password());
    DUET_TRY(access.add_user(caller, wish));
  } else if (options.action == "remove") {
    DUET_TRY(access.remove_user(caller, options.name));
  } else {
    if (options.action == "passwd") wish.password = DUET_TRY(read_password());
    if (options.action == "role") wish.role = options.role;
    if (options.action == "disable") wish.disabled = true;
    if (options.action == "enable") wish.disabled = false;
    DUET_TRY(access.change_user(caller, wish));
  }
  if (global.json) {
    fmt::print("{}\n", Json{{"user", options.name}, {"done", options.action}}.dump(2));
  } else {
    fmt::print("{}: done.\n", options.name);
  }
  return {};
}

Result<void> token(const GlobalOptions& global, const TokenOptions& options) {
  const auto opening = DUET_TRY(open(global));
  runtime::Access access(opening->config.access_url, {}, opening->clock);
  const runtime::Caller caller = command_line_caller();
  if (options.action == "remove") return access.remove_token(caller, options.id);
  if (options.action == "add") {
    const TimeMs expires = options.days > 0 ? opening->clock.now() + options.days * kMsPerDay : 0;
    const auto made = DUET_TRY(access.add_token(caller, options.name, options.role, expires));
    if (global.json) {
      fmt::print("{}\n", Json{{"id", made.stored.id}, {"token", made.text}}.dump(2));
    } else {
      fmt::print("{}\n", made.text);
      fmt::print(stderr, "token {}: it is shown this once\n", made.stored.id);
    }
    return {};
  }
  TextTable table({"ID", "NAME", "ROLE", "BY", "SINCE", "EXPIRES", "LAST USED"});
  Json list = Json::array();
  for (const auto& each : DUET_TRY(access.tokens())) {
    table.add({std::to_string(each.id), each.name, each.role, each.created_by, time_or_dash(each.created_at),
               time_or_dash(each.expires_at), time_or_dash(each.last_used_at)});
    list.push_back({{"id", each.id}, {"name", each.name}, {"role", each.role}});
  }
  fmt::print("{}", global.json     ? Json{{"tokens", list}}.dump(2) + "\n"
                   : table.empty() ? "There are no tokens.\n"
                                   : table.text());
  return {};
}

/// Whether the log is whole.
Result<bool> audit(const GlobalOptions& global, const AuditOptions& options) {
  const Opened opened = DUET_TRY(open_connection(global));
  auto session = DUET_TRY(open_database(opened.connection));
  DUET_TRY(postgres::migrate(*session));
  if (options.verify) {
    const auto broken = DUET_TRY(postgres::find_broken_audit(*session));
    if (global.json) {
      fmt::print("{}\n", Json{{"whole", !broken}, {"broken_at", broken ? Json(*broken) : Json()}}.dump(2));
    } else if (broken) {
      fmt::print("Entry {} is not what was written, or what came before it is gone.\n", *broken);
    } else {
      fmt::print("Every entry is as it was written.\n");
    }
    return !broken;
  }
  postgres::AuditFilter filter;
  filter.limit = static_cast<std::size_t>(options.limit);
  TextTable table({"ID", "AT", "WHO", "VIA", "ACTION", "TARGET", "OUTCOME"});
  Json list = Json::array();
  for (const auto& each : DUET_TRY(postgres::list_audit(*session, filter))) {
    table.add({std::to_string(each.id), format_timestamp(each.at), each.entry.actor, each.entry.via, each.entry.action,
               each.entry.target, each.entry.outcome});
    list.push_back({{"id", each.id},
                    {"at", format_timestamp(each.at)},
                    {"actor", each.entry.actor},
                    {"via", each.entry.via},
                    {"action", each.entry.action},
                    {"target", each.entry.target},
                    {"outcome", each.entry.outcome}});
  }
  fmt::print("{}", global.json     ? Json{{"entries", list}}.dump(2) + "\n"
                   : table.empty() ? "Nobody has done anything yet.\n"
                                   : table.text());
  return true;
}

}  // namespace

ExitCode run_user(const GlobalOptions& global, const UserOptions& options) {
  const Result<void> done = user(global, options);
  return done ? kDone : report(done.error(), global.json);
}

ExitCode run_token(const GlobalOptions& global, const TokenOptions& options) {
  const Result<void> done = token(global, options);
  return done ? kDone : report(done.error(), global.json);
}

ExitCode run_audit(const GlobalOptions& global, const AuditOptions& options) {
  const Result<bool> whole = audit(global, options);
  if (!whole) return report(whole.error(), global.json);
  return *whole ? kDone : kFound;
}

}  // namespace duet::cli
