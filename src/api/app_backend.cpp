#include "api/app_backend.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "postgres/audit_store.h"
#include "postgres/connection_store.h"
#include "postgres/issue_store.h"
#include "postgres/journal_store.h"
#include "postgres/mapping_store.h"
#include "postgres/webhook_store.h"
#include "runtime/policy_preview.h"
#include "runtime/record_history.h"
#include "runtime/record_json.h"
#include "runtime/value_json.h"

namespace duet::api {
namespace {

using Json = nlohmann::ordered_json;
using runtime::json_text;
using runtime::text_or_null;
using runtime::time_or_null;

constexpr long kMostCounted = 100'000;
constexpr std::size_t kShownFailures = 100;

Result<int> connection_id(postgres::Session& session, const std::string& name) {
  const postgres::Rows rows = DUET_TRY(session.query("SELECT id FROM duet.connection WHERE name = $1", {name}));
  if (rows.empty())
    return fail(ErrorKind::not_found, "nothing has been imported for this connection", {}, "run: duet import FILE");
  return static_cast<int>(rows.integer(0, 0));
}

Result<Mapping> find_mapping(postgres::Session& session, int connection_id, const std::string& object) {
  for (postgres::StoredMapping& stored : DUET_TRY(postgres::MappingStore(session, connection_id).list())) {
    if (equals_ignoring_case(stored.mapping.object, object)) return std::move(stored.mapping);
  }
  return fail(ErrorKind::not_found, fmt::format("{} is not mapped", object), {}, "see /api/v1/mappings");
}

postgres::IssueFilter filter_of(const IssueQuery& query) {
  postgres::IssueFilter filter;
  filter.state = query.state;
  filter.object = query.object;
  filter.kind = query.kind;
  filter.sfid = query.sfid;
  filter.record_id = query.record_id;
  filter.code = query.code;
  filter.field = query.field;
  filter.rule = query.rule;
  filter.text = query.text;
  filter.ids = query.ids;
  filter.before_id = query.page.before;
  filter.limit = static_cast<std::size_t>(query.page.limit);
  return filter;
}

runtime::IssueDecision decision_of(const ActionRequest& request) {
  return {request.action, request.use, request.fields, request.set, request.always};
}

std::string outcome_name(const Error& error) {
  return error.code.empty() ? std::string(name_of(error.kind)) : to_lower(error.code);
}

}  // namespace

Result<std::string> AppBackend::status(const std::string& connection) {
  return runtime::to_json(DUET_TRY(app_.status(connection)));
}

Result<std::string> AppBackend::mappings(const std::string& connection) {
  return runtime::mappings_to_json(DUET_TRY(app_.connection_status(connection)));
}

Result<std::string> AppBackend::read(const std::string& connection, const Read& read) {
  const runtime::ConnectionConfig* config = DUET_TRY(runtime::pick_connection(app_.config(), connection));
  std::lock_guard lock(mutex_);
  std::unique_ptr<postgres::Session>& session = sessions_[config->name];
  for (int tries = 0;; ++tries) {
    if (!session || session->broken())
      session = DUET_TRY(postgres::Session::connect(config->postgres.url, postgres::SessionRole::admin));
    const Result<int> id = connection_id(*session, config->name);
    auto result = id ? read({*session, *config, *id}) : Result<std::string>(std::unexpected(id.error()));
    if (result || !session->broken() || tries > 0) return result;
  }
}

Result<std::string> AppBackend::issues(const std::string& connection, const IssueQuery& query) {
  const postgres::IssueFilter filter = filter_of(query);
  return read(connection, [&](const Reading& reading) -> Result<std::string> {
    postgres::IssueStore store(reading.session, reading.connection_id);
    const long total = DUET_TRY(store.count(filter, kMostCounted));
    if (query.grouped) return runtime::groups_to_json(DUET_TRY(store.groups(filter)), total);
    return runtime::issues_to_json(DUET_TRY(store.list(filter)), filter.limit, total);
  });
}

Result<std::string> AppBackend::issue(const std::string& connection, std::int64_t id) {
  return read(connection, [&](const Reading& reading) -> Result<std::string> {
    const auto found = DUET_TRY(postgres::IssueStore(reading.session, reading.connection_id).find(id));
    if (!found) return fail(ErrorKind::not_found, fmt::format("there is no issue {}", id), {}, "see /api/v1/issues");
    return runtime::issue_to_json(*found);
  });
}

Result<std::string> AppBackend::journal(const std::string& connection, const JournalQuery& query) {
  postgres::JournalFilter filter;
  filter.object = query.object;
  filter.sfid = query.sfid;
  filter.record_id = query.record_id;
  filter.field = query.field;
  if (!query.reason.empty()) filter.reasons = {query.reason};
  filter.since = query.since;
  filter.before_id = query.page.before;
  filter.limit = static_cast<std::size_t>(query.page.limit);
  return read(connection, [&](const Reading& reading) -> Result<std::string> {
    return runtime::journal_to_json(
        DUET_TRY(postgres::JournalStore(reading.session, reading.connection_id).list(filter)), filter.limit);
  });
}

Result<std::string> AppBackend::record(const std::string& connection, const RecordQuery& query) {
  const RecordRef ref = DUET_TRY(runtime::record_ref(query.id));
  return read(connection, [&](const Reading& reading) -> Result<std::string> {
    const Mapping mapping = DUET_TRY(find_mapping(reading.session, reading.connection_id, query.object));
    return runtime::record_to_json(reading.session, reading.config.postgres.schema, reading.connection_id, mapping,
                                   ref);
  });
}

Result<std::string> AppBackend::history(const std::string& connection, const HistoryQuery& query) {
  const RecordRef ref = DUET_TRY(runtime::record_ref(query.record.id));
  return read(connection, [&](const Reading& reading) -> Result<std::string> {
    const Mapping mapping = DUET_TRY(find_mapping(reading.session, reading.connection_id, query.record.object));
    return runtime::history_to_json(reading.session, reading.config.postgres.schema, reading.connection_id, mapping,
                                    ref, query.at, static_cast<std::size_t>(query.limit));
  });
}

Result<std::string> AppBackend::audit(const std::string& connection, const AuditQuery& query) {
  return read(connection, [&](const Reading& reading) -> Result<std::string> {
    postgres::AuditFilter filter;
    filter.connection_id = reading.connection_id;
    filter.actor = query.actor;
    filter.action = query.action;
    filter.since = query.since;
    filter.before_id = query.page.before;
    filter.limit = static_cast<std::size_t>(query.page.limit);
    const auto entries = DUET_TRY(postgres::list_audit(reading.session, filter));
    Json out;
    Json& list = out["entries"] = Json::array();
    for (const postgres::StoredAuditEntry& stored : entries) {
      const Json detail = Json::parse(stored.entry.detail, nullptr, false);
      list.push_back({{"id", stored.id},
                      {"at", time_or_null(stored.at)},
                      {"actor", stored.entry.actor},
                      {"role", text_or_null(stored.entry.role)},
                      {"via", stored.entry.via},
                      {"action", stored.entry.action},
                      {"target", text_or_null(stored.entry.target)},
                      {"detail", detail.is_object() ? detail : Json::object()},
                      {"outcome", stored.entry.outcome},
                      {"hash", stored.hash}});
    }
    out["next"] = entries.size() >= filter.limit ? Json(entries.back().id) : Json();
    return json_text(out);
  });
}

Result<std::string> AppBackend::webhooks(const std::string& connection) {
  return read(connection, [&](const Reading& reading) -> Result<std::string> {
    Json out;
    Json& list = out["webhooks"] = Json::array();
    for (const postgres::WebhookState& state :
         DUET_TRY(postgres::WebhookStore(reading.session, reading.connection_id).list())) {
      std::string host;
      for (const runtime::WebhookConfig& webhook : reading.config.webhooks) {
        if (webhook.name != state.name) continue;
        // Without path and query, which may hold a secret.
        const std::size_t begin = webhook.url.find("://") + 3;
        host = webhook.url.substr(begin, webhook.url.find('/', begin) - begin);
      }
      list.push_back({{"name", state.name},
                      {"host", host},
                      {"events", state.events},
                      {"pending", state.pending},
                      {"last_delivered_at", time_or_null(state.last_delivered_at)},
                      {"last_error", text_or_null(state.last_error)},
                      {"next_try_at", time_or_null(state.next_try_at)}});
    }
    return json_text(out);
  });
}

Result<std::string> AppBackend::preview(const std::string& connection, const PreviewRequest& request) {
  return read(connection, [&](const Reading& reading) -> Result<std::string> {
    const Mapping mapping = DUET_TRY(find_mapping(reading.session, reading.connection_id, request.object));
    postgres::JournalFilter filter;
    filter.object = mapping.object;
    filter.field = request.field;
    filter.reasons = {"conflict", "late_conflict"};
    filter.limit = static_cast<std::size_t>(request.last);
    const auto entries = DUET_TRY(postgres::JournalStore(reading.session, reading.connection_id).list(filter));
    return runtime::preview_policy(mapping, request.field, request.policy, entries);
  });
}

void AppBackend::count(const std::string& action, const std::string& outcome, std::uint64_t by) {
  std::lock_guard lock(count_mutex_);
  actions_[{action, outcome}] += by;
}

Result<std::string> AppBackend::act(const std::string& connection, const Caller& caller, std::int64_t id,
                                    const ActionRequest& request) {
  const runtime::ConnectionConfig* config = DUET_TRY(runtime::pick_connection(app_.config(), connection));
  const auto outcome = runtime::IssueActions(*config, clock_).act(caller, id, decision_of(request));
  count(request.action, outcome ? "ok" : outcome_name(outcome.error()));
  if (!outcome) return std::unexpected(outcome.error());
  return runtime::action_to_json(outcome->issue, outcome->writes);
}

Result<std::string> AppBackend::act_on_all(const std::string& connection, const Caller& caller,
                                           const BulkRequest& request) {
  const runtime::ConnectionConfig* config = DUET_TRY(runtime::pick_connection(app_.config(), connection));
  const runtime::BulkOutcome outcome = DUET_TRY(
      runtime::IssueActions(*config, clock_)
          .act_on_all(caller, filter_of(request.filter), decision_of(request.action), request.limit, request.dry_run));
  const auto failed = static_cast<long>(outcome.failures.size());
  Json out;
  out["dry_run"] = request.dry_run;
  out["matched"] = outcome.matched;
  out["possible"] = outcome.possible;
  out["done"] = outcome.done;
  out["stale"] = outcome.stale;
  out["failed"] = failed;
  out["remaining"] = std::max(0L, outcome.possible - outcome.done - outcome.stale - failed);
  Json& failures = out["failures"] = Json::array();
  for (const runtime::BulkFailure& failure : outcome.failures) {
    if (failures.size() >= kShownFailures) break;
    failures.push_back({{"id", failure.id}, {"code", outcome_name(failure.error)}, {"message", failure.error.message}});
  }
  count(request.action.action, "ok", static_cast<std::uint64_t>(outcome.done));
  count(request.action.action, "stale", static_cast<std::uint64_t>(outcome.stale));
  count(request.action.action, "failed", static_cast<std::uint64_t>(failed));
  return json_text(out);
}

Result<std::string> AppBackend::revert_entry(const std::string& connection, const Caller& caller, std::int64_t id,
                                             bool force) {
  const runtime::ConnectionConfig* config = DUET_TRY(runtime::pick_connection(app_.config(), connection));
  const auto entries = runtime::IssueActions(*config, clock_).revert_entry(caller, id, force);
  count("revert_entry", entries ? "ok" : outcome_name(entries.error()));
  if (!entries) return std::unexpected(entries.error());
  return runtime::journal_to_json(*entries, entries->size() + 1);
}

Result<void> AppBackend::set_paused(const std::string& connection, const Caller& caller, bool all, bool outbound) {
  DUET_TRY(read(connection, [&](const Reading& reading) -> Result<std::string> {
    DUET_TRY(postgres::ConnectionStore(reading.session).set_paused(reading.connection_id, {all, outbound}));
    postgres::AuditEntry entry = runtime::audit_of(caller, all || outbound ? "pause" : "resume", reading.config.name);
    entry.connection_id = reading.connection_id;
    entry.detail = fmt::format(R"({{"outbound":{}}})", outbound);
    const postgres::Statement audit = postgres::audit_statement(entry);
    DUET_TRY(reading.session.query(audit.sql, audit.params));
    return std::string();
  }));
  return {};
}

Result<std::shared_ptr<TextSource>> AppBackend::listen(const std::string& connection) {
  if (!connection.empty()) (void)DUET_TRY(runtime::pick_connection(app_.config(), connection));
  return feed_.listen({AppFeed::status_event(DUET_TRY(app_.status({})))});
}

std::string AppBackend::metrics() {
  const auto status = app_.status({});
  if (!status) return {};
  std::string text = runtime::to_metrics(*status);
  text +=
      "# HELP duet_issue_actions_total What people did about issues over the API since the start of the process.\n"
      "# TYPE duet_issue_actions_total counter\n";
  std::lock_guard lock(count_mutex_);
  for (const auto& [key, value] : actions_)
    text += fmt::format("duet_issue_actions_total{{action=\"{}\",outcome=\"{}\"}} {}\n", key.first, key.second, value);
  return text;
}

Result<void> AppBackend::ready() { return app_.ready(); }

}  // namespace duet::api
