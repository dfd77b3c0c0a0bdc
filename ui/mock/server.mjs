// A stand-in for `duet serve` while the dashboard is worked on: `npm run mock`, then `npm run dev`. It also serves a build (dist/) under the
// policy of src/api/dashboard.cpp. Nothing is checked here; the browser tests run against the real thing.
import { readFile } from "node:fs/promises";
import http from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { actionsFor, ago, history, issues as makeIssues, journal as makeJournal, status } from "./data.mjs";

const port = Number(process.env.PORT ?? 8080);
const role = process.env.ROLE ?? "admin";
const issues = makeIssues(Number(process.env.ISSUES ?? 60));
const journal = makeJournal(120);
const audit = Array.from({ length: 40 }, (_, n) => ({
  id: 40 - n, at: ago(n * 600_000), actor: n % 3 ? "ada" : "ci-token", role: "operator", via: n % 3 ? "session" : "token",
  action: ["issue.retry", "issue.resolve", "session.login", "issue.bulk"][n % 4], target: n % 4 === 2 ? null : `issue ${n + 1}`, detail: { use: "salesforce" }, outcome: n % 9 ? "ok" : "stale", hash: "ab".repeat(32) }));
const users = [{ name: "ada", role: "admin", disabled: false, created_at: ago(9e8), last_login_at: ago(4e5) }, { name: "vera", role: "viewer", disabled: false, created_at: ago(5e8), last_login_at: null }];
const tokens = [{ id: 1, name: "ci", role: "viewer", created_at: ago(8e8), created_by: "ada", expires_at: null, last_used_at: ago(1e5) }];
const counters = { events_received: 4000, records_applied: 3990, attempts_sent: 900, attempts_accepted: 890, attempts_settled: 880, conflicts: 31, rows_loaded: 1_200_000 };
const started = ago(7_260_000);
const streams = new Set();
let signedIn = process.env.SIGNED_OUT === undefined;

const open = (object) => issues.filter((each) => each.state === "open" && each.object === object).length;
const state = () => status(started, counters, open);
const session = () => ({ user: "ada", role, via: "session", csrf_token: "mock", expires_at: null });

setInterval(() => {
  for (const name of Object.keys(counters)) counters[name] += Math.floor((Math.sin(Date.now() / 8000) + 1.2) * 20 * Math.random());
  for (const stream of streams) stream.write(`event: status\ndata: ${JSON.stringify(state())}\n\n`);
}, 1000);

function matches(each, wanted) {
  const is = (name) => !wanted[name] || wanted[name] === "all" || each[name] === wanted[name];
  if (wanted.ids && !wanted.ids.includes(each.id)) return false;
  if (wanted.field && !each.fields.some((field) => field.name === wanted.field)) return false;
  if (wanted.text && !`${each.message} ${each.sfid} ${each.external_id}`.toLowerCase().includes(wanted.text.toLowerCase())) return false;
  return is("state") && is("kind") && is("object") && is("code") && is("rule") && is("sfid");
}

function listIssues(query) {
  const found = issues.filter((each) => matches(each, query));
  if (query.grouped === "true") {
    const groups = new Map();
    for (const each of found) {
      const field = each.fields.length === 1 ? each.fields[0].name : null;
      const key = JSON.stringify([each.kind, each.code, field, each.rule]);
      const group = groups.get(key) ?? { kind: each.kind, code: each.code, field, rule: each.rule, objects: [], count: 0, records: 0, first_at: each.created_at, last_at: each.created_at, sample_id: each.id, message: each.message };
      group.count += 1;
      group.records += 1;
      if (!group.objects.includes(each.object)) group.objects.push(each.object);
      if (each.created_at < group.first_at) group.first_at = each.created_at;
      if (each.created_at > group.last_at) group.last_at = each.created_at;
      groups.set(key, group);
    }
    return { groups: [...groups.values()].sort((a, b) => b.count - a.count), total: found.length };
  }
  const page = found.filter((each) => !query.before || each.id < Number(query.before)).slice(0, Number(query.limit ?? 100));
  return { issues: page, next: page.length === Number(query.limit ?? 100) ? page.at(-1).id : null, total: found.length };
}

function act(each, action, decision) {
  each.state = { retry: "superseded", revert: "reverted", resolve: "resolved", ignore: "ignored" }[action];
  for (const field of each.fields) field.chosen = decision?.set?.[field.name] !== undefined ? "edited" : (decision?.fields?.[field.name] ?? decision?.use ?? field.chosen);
  each.actions = actionsFor(each.kind, each.state);
  each.closed_at = ago(0);
  each.closed_by = "ada";
  each.outcome = `${action} by ada`;
  for (const stream of streams) stream.write(`event: issue\ndata: ${JSON.stringify({ connection: "main", id: each.id, kind: each.kind, state: each.state, object: each.object })}\n\n`);
  return { issue: each, writes: action === "ignore" ? 0 : each.fields.length };
}

function bulk(body) {
  const matched = issues.filter((each) => matches(each, { state: "open", ...body.filter }));
  const possible = matched.filter((each) => each.actions.includes(body.action));
  const chosen = possible.slice(0, body.limit ?? 1000);
  if (!body.dry_run) for (const each of chosen) act(each, body.action, body.decision);
  return { dry_run: !!body.dry_run, matched: matched.length, possible: possible.length, done: body.dry_run ? 0 : chosen.length, stale: 0, failed: 0, remaining: possible.length - chosen.length, failures: [] };
}

function record(object, id) {
  const found = issues.find((each) => each.object === object && (each.sfid === id || String(each.record_id) === id)) ?? issues[0];
  return {
    object, table: found.table, record_id: found.record_id, sfid: found.sfid, external_id: found.external_id,
    values: { Name: "<b>Weber</b> Maschinenbau", Phone: "+43 316 555 0042", BillingCity: "Graz", AnnualRevenue: 1.2e6, Active: true, Website: null, CreatedDate: ago(1e9) },
    last_op: "PENDING", error: null, salesforce: { Phone: "+43 316 555 0199" },
    sync: { state: "in_flight", pending: [{ field: "Phone", base: "+43 316 555 010", since: ago(4000) }], attempts: [{ token: "a1", kind: "update", state: "sent", sent_at: ago(1500), fields: ["Phone"] }], held: [], dirty: null, parked: null, not_before: null },
    open_issues: found.state === "open" ? [found.id] : [],
  };
}

const fail = (status, code, message, hint = "") => ({ status, body: { error: { code, message, hint } } });
const ok = (body, status = 200) => ({ status, body });

function route(method, path, query, body) {
  const key = `${method} ${path}`;
  const one = path.match(/^\/api\/v1\/issues\/(\d+)(?:\/(\w+))?$/);
  if (key === "POST /api/v1/session") {
    if (body.password === "wrong") return fail(401, "unauthorized", "user or password is wrong");
    signedIn = true;
    return ok(session());
  }
  if (!signedIn) return fail(401, "unauthorized", "nobody is signed in");
  if (key === "GET /api/v1/session") return ok(session());
  if (key === "DELETE /api/v1/session") {
    signedIn = false;
    return ok(undefined, 204);
  }
  if (key === "GET /api/v1/status") return ok(state());
  if (key === "GET /api/v1/issues") return ok(listIssues(query));
  if (key === "POST /api/v1/issues/bulk") return ok(bulk(body));
  if (one) {
    const each = issues.find((issue) => issue.id === Number(one[1]));
    if (!each) return fail(404, "not_found", `there is no issue ${one[1]}`);
    if (!one[2]) return ok(each);
    return each.id % 13 === 0 ? fail(409, "stale", "the record moved on: Phone is now +43 1 000", "look at it again") : ok(act(each, one[2], body));
  }
  if (key === "GET /api/v1/journal") {
    const found = journal.filter((each) => (!query.object || each.object === query.object) && (!query.before || each.id < Number(query.before))).slice(0, Number(query.limit ?? 100));
    return ok({ entries: found, next: found.length === Number(query.limit ?? 100) ? found.at(-1).id : null });
  }
  const rec = path.match(/^\/api\/v1\/records\/([^/]+)\/([^/]+)(\/history)?$/);
  if (rec?.[3]) return ok({ object: rec[1], record_id: 7, sfid: rec[2], events: history(), truncated: false, not_known: ["What changed in Salesforce without a conflict is not stored."], as_of: query.at ? { at: query.at, exists: true, values: { Name: "as it was", Phone: "1" }, known_from: ago(1e8), not_known: ["Website"] } : null });
  if (rec) return ok(record(rec[1], rec[2]));
  if (key === "GET /api/v1/audit") return ok({ entries: audit, next: null });
  if (key === "GET /api/v1/users") return ok({ users });
  if (key === "POST /api/v1/users") return ok(users[users.push({ name: body.name, role: body.role, disabled: false, created_at: ago(0), last_login_at: null }) - 1], 201);
  if (key === "GET /api/v1/tokens") return ok({ tokens });
  if (key === "POST /api/v1/tokens") return ok({ ...tokens[tokens.push({ id: tokens.length + 1, name: body.name, role: body.role, created_at: ago(0), created_by: "ada", expires_at: null, last_used_at: null }) - 1], token: "duet_0123456789abcdef" }, 201);
  if (key === "POST /api/v1/policy/preview") return ok({ considered: 312, same: 268, different: 40, unknown: 4, outcomes: { salesforce: 201, postgres: 111 }, examples: [] });
  if (path.startsWith("/api/v1/")) return method === "GET" ? fail(404, "not_found", "there is nothing here") : ok(undefined, 204);
  return null;
}

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const types = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
const policy = (await readFile(new URL("../../src/api/dashboard.cpp", import.meta.url), "utf8")).match(/kPolicy =([^;]*(?:;[^;]*?)*?)";\n/s)[1].replace(/"\s*"/g, "").replace(/^\s*"/, "");

async function file(path, response) {
  const name = extname(path) ? path : "/index.html";
  try {
    const content = await readFile(dist + name);
    response.writeHead(200, { "Content-Type": types[extname(name)] ?? "text/html", "Content-Security-Policy": policy }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}

http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://mock");
  let text = "";
  for await (const chunk of request) text += chunk;
  if (url.pathname === "/api/v1/stream") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(`event: status\ndata: ${JSON.stringify(state())}\n\n`);
    streams.add(response);
    request.on("close", () => streams.delete(response));
    return;
  }
  const answer = route(request.method, url.pathname, Object.fromEntries(url.searchParams), text ? JSON.parse(text) : undefined);
  if (!answer) return file(url.pathname, response);
  response.writeHead(answer.status, { "Content-Type": "application/json" }).end(answer.body === undefined ? "" : JSON.stringify(answer.body));
}).listen(port, "127.0.0.1", () => console.log(`mock on http://127.0.0.1:${port}`));
