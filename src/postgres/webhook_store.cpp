#include "postgres/webhook_store.h"

#include <nlohmann/json.hpp>

#include "postgres/array_text.h"

namespace duet::postgres {

Result<void> WebhookStore::set_webhooks(const std::vector<WebhookEvents>& webhooks) {
  std::vector<std::string> names;
  std::vector<Statement> statements;
  for (const WebhookEvents& webhook : webhooks) {
    names.push_back(webhook.name);
    statements.push_back(
        {"INSERT INTO duet.webhook (connection_id, name, events) VALUES ($1::integer, $2, $3::text[]) ON "
         "CONFLICT (connection_id, name) DO UPDATE SET events = excluded.events",
         {std::to_string(connection_id_), webhook.name, array_of(webhook.events)}});
  }
  statements.push_back({"DELETE FROM duet.webhook WHERE connection_id = $1::integer AND name <> ALL ($2::text[])",
                        {std::to_string(connection_id_), array_of(names)}});
  DUET_TRY(session_.run(statements));
  return {};
}

Result<std::vector<WebhookState>> WebhookStore::list() {
  const Rows rows = DUET_TRY(session_.query(
      "SELECT w.name, to_json(w.events), (extract(epoch FROM w.last_delivered_at) * 1000)::bigint, count(d.id), "
      "(extract("
      "epoch FROM min(d.next_try_at)) * 1000)::bigint, (array_agg(d.last_error ORDER BY d.id))[1] FROM duet.webhook AS "
      "w "
      "LEFT JOIN duet.webhook_delivery AS d ON d.connection_id = w.connection_id AND d.webhook = w.name WHERE "
      "w.connection_id = $1::integer GROUP BY w.connection_id, w.name ORDER BY w.name",
      {std::to_string(connection_id_)}));
  std::vector<WebhookState> states;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    WebhookState state;
    state.name = rows.text(i, 0);
    for (const auto& event : nlohmann::json::parse(rows.text(i, 1), nullptr, false)) {
      if (event.is_string()) state.events.push_back(event.get<std::string>());
    }
    state.last_delivered_at = rows.integer(i, 2);
    state.pending = rows.integer(i, 3);
    state.next_try_at = rows.integer(i, 4);
    state.last_error = rows.text(i, 5);
    states.push_back(std::move(state));
  }
  return states;
}

Result<std::vector<WebhookDelivery>> WebhookStore::pending(const std::string& webhook, std::size_t limit) {
  const Rows rows = DUET_TRY(session_.query(
      "SELECT id, event, ref, (extract(epoch FROM created_at) * 1000)::bigint, tries FROM duet.webhook_delivery WHERE "
      "connection_id = $1::integer AND webhook = $2 ORDER BY id LIMIT $3::bigint",
      {std::to_string(connection_id_), webhook, std::to_string(limit)}));
  std::vector<WebhookDelivery> deliveries;
  for (std::size_t i = 0; i < rows.size(); ++i)
    deliveries.push_back({rows.integer(i, 0), std::string(rows.text(i, 1)), rows.integer(i, 2), rows.integer(i, 3),
                          static_cast<int>(rows.integer(i, 4))});
  return deliveries;
}

Result<void> WebhookStore::delivered(const std::string& webhook, std::int64_t id) {
  const std::vector<Statement> statements = {
      {"DELETE FROM duet.webhook_delivery WHERE id = $1::bigint", {std::to_string(id)}},
      {"UPDATE duet.webhook SET last_delivered_at = clock_timestamp() WHERE connection_id = $1::integer AND name = $2",
       {std::to_string(connection_id_), webhook}}};
  DUET_TRY(session_.run(statements));
  return {};
}

Result<void> WebhookStore::failed(std::int64_t id, const std::string& error, TimeMs next_try_in_ms) {
  DUET_TRY(
      session_.query("UPDATE duet.webhook_delivery SET tries = tries + 1, last_error = $2, next_try_at = "
                     "clock_timestamp() + $3::bigint "
                     "* interval '1 millisecond' WHERE id = $1::bigint",
                     {std::to_string(id), error, std::to_string(next_try_in_ms)}));
  return {};
}

Result<long> WebhookStore::purge(TimeMs age_ms) {
  const Rows rows = DUET_TRY(session_.query(
      "DELETE FROM duet.webhook_delivery WHERE connection_id = $1::integer AND created_at < clock_timestamp() - "
      "$2::bigint * interval '1 millisecond'",
      {std::to_string(connection_id_), std::to_string(age_ms)}));
  return rows.affected();
}

}  // namespace duet::postgres
