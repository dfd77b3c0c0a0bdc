// Made-up records, the same at every start; some of them hostile on purpose.

let seed = 20261;
export function random() {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed / 0x7fffffff;
}
const pick = (list) => list[Math.floor(random() * list.length)];
export const ago = (ms) => new Date(Date.now() - ms).toISOString();

const PEOPLE = ["Ada Okafor", "Jonas Lindqvist", "<img src=x onerror=alert(1)>", "Mei Tanaka", "O'Neil & Söhne", "Robert'); DROP TABLE lead;--", "Zoë Ångström",
  "\u202Egnirts desrever", "=HYPERLINK(\"http://evil.example\")"];
const OBJECTS = ["Account", "Contact", "Opportunity", "Lead"];
const sfid = (object, n) => ({ Account: "001", Contact: "003", Opportunity: "006", Lead: "00Q" })[object] + `5e00000${String(n).padStart(5, "0")}AAA`;

const LONG = "Visited the plant in Graz on Tuesday. They run two lines and plan a third one for the spring; the budget is agreed, the contract is with legal.";
const LONG_SF = "Visited the plant in Graz on Wednesday. They run two lines and plan a third one for the summer; the budget is agreed, the contract is with legal.";
const LONG_PG = "Visited the plant in Graz on Tuesday. They run three lines; the budget is agreed and the contract is signed. Next call: 14 March.";

const FIELD_SETS = [
  () => [["Phone", "+43 316 555 010", "+43 316 555 0199", "+43 316 555 0042"]],
  () => [["Description", LONG, LONG_SF, LONG_PG]],
  () => [["BillingStreet", "Hauptplatz 1", "Herrengasse 12", "Sporgasse 4"], ["BillingCity", "Graz", "Graz", "Wien"], ["BillingPostalCode", "8010", "8010", "1010"]],
  () => [["Amount", 12000, 14500, 12500.5], ["StageName", "Prospecting", "Negotiation/Review", "Prospecting"]],
  () => [["LastName", "Weber", pick(PEOPLE), "Weber-Huber"], ["Title", null, "CTO", undefined]],
  () => [["HasOptedOutOfEmail", false, true, false], ["Email", "ada@example.com", "ada@example.org", null]],
];

function issue(id) {
  const object = pick(OBJECTS);
  const kind = random() < 0.62 ? "conflict" : random() < 0.8 ? "rejected" : pick(["unknown", "schema", "breaker", "unreadable"]);
  const state = id % 7 === 0 ? pick(["resolved", "reverted", "ignored", "superseded"]) : kind === "conflict" && random() < 0.6 ? "decided" : "open";
  const created = Math.floor(random() * 86_400_000 * 2) + id * 5;
  const at = ago(created);
  const rule = kind === "conflict" ? (state === "decided" ? pick(["newest", "salesforce", "postgres"]) : "hold") : null;
  const side = pick(["salesforce", "postgres"]);
  let code = null;
  let fields = [];
  let message = "";
  if (kind === "conflict") {
    fields = pick(FIELD_SETS)().map(([name, base, salesforce, postgres]) => ({
      name, base, ...(salesforce === undefined ? {} : { salesforce }), ...(postgres === undefined ? {} : { postgres }),
      chosen: state === "open" ? null : side,
    }));
    message = state === "open" ? `both sides changed ${fields.map((f) => f.name).join(", ")}; the policy is hold` : `both sides changed ${fields.map((f) => f.name).join(", ")}; ${rule} chose ${side}`;
  } else if (kind === "rejected") {
    code = pick(["FIELD_CUSTOM_VALIDATION_EXCEPTION", "DUPLICATES_DETECTED", "STRING_TOO_LONG", "REQUIRED_FIELD_MISSING"]);
    fields = [{ name: code === "STRING_TOO_LONG" ? "Fax" : "Email", base: "old@example.com", salesforce: "old@example.com", postgres: pick(PEOPLE), chosen: null }];
    message = `${code}: ${pick(PEOPLE)} is not a valid value for this field`;
  } else if (kind === "schema") {
    code = "FIELD_GONE";
    message = `the org has no field Region__c of ${object} any more`;
  } else if (kind === "breaker") {
    code = "DELETE_BREAKER";
    message = `1,204 rows of ${object} were deleted within a minute; outbound deletes wait for a person`;
  } else {
    code = kind === "unknown" ? "OUTCOME_UNKNOWN" : "RECORD_NOT_APPLIED";
    message = kind === "unknown" ? "the answer to a write was lost and no event settled it" : "a row of the table stands in the way: unique constraint account_name_key";
  }
  const closed = ["resolved", "reverted", "ignored", "superseded"].includes(state);
  return {
    id, kind, state, object, table: object.toLowerCase(), record_id: 1000 + id, sfid: sfid(object, id), external_id: `dk-${id.toString(16).padStart(6, "0")}`, message, code, rule,
    created_at: at, updated_at: ago(Math.max(0, created - 40_000)), occurrences: random() < 0.2 ? Math.ceil(random() * 30) : 1, fields,
    actors: {
      salesforce: kind === "conflict" ? { user: "005000000000001AAA", client: null, at: ago(created + 4_000) } : null,
      postgres: { user: null, client: null, at: ago(created + 9_000) },
    },
    attempt: "a1b2c3d4", closed_at: closed ? ago(created / 2) : null, closed_by: closed ? pick(["ada", "ops", null]) : null,
    outcome: closed ? "PostgreSQL takes Salesforce's value of Phone." : null,
    actions: actionsFor(kind, state),
  };
}

export function actionsFor(kind, state) {
  if (state === "open") return kind === "conflict" ? ["resolve", "ignore"] : kind === "rejected" || kind === "unknown" ? ["retry", "revert", "resolve", "ignore"] : ["retry", "ignore"];
  if (state === "decided") return ["revert", "resolve", "ignore"];
  return state === "resolved" ? ["revert"] : [];
}

export const issues = (count) => Array.from({ length: count }, (_, n) => issue(count - n));

export function journal(count) {
  return Array.from({ length: count }, (_, n) => {
    const object = pick(OBJECTS);
    const [name, base, lost, kept] = pick(FIELD_SETS)()[0];
    return {
      id: count - n, created_at: ago(n * 47_000 + 3_000), object, record_id: 1000 + n, sfid: sfid(object, n), external_id: null,
      reason: pick(["conflict", "conflict", "late_conflict", "rejected", "overwritten_by_automation", "resolved"]), field: name, base, lost, kept,
      lost_side: pick(["salesforce", "postgres"]), rule: pick(["newest", "salesforce", "postgres", "automation"]), actor: "005000000000001AAA", lost_actor: null,
      lost_at: ago(n * 47_000 + 9_000), attempt: null, row_before: null,
    };
  });
}

export function status(started, counters, open) {
  const wave = (period, scale) => Math.max(0, (Math.sin(Date.now() / period) + 1.1 + random() * 0.6) * scale);
  const mapping = (object, rows, more) => ({
    object, table: object.toLowerCase(), access: "read_write", source: "events", source_reason: "", state: "loaded", upsert_field: "Duet_Key__c", rows, rows_estimated: rows > 1e6,
    loaded_rows: rows, pending: Math.floor(wave(9_000, 3)), lag_ms: { inbound: Math.round(wave(7_000, 9)), outbound: Math.round(wave(5_000, 4)) },
    issues: open(object), errors: Math.floor(open(object) / 4), verified_as_of: null, ...more,
  });
  return {
    version: "0.1.0", started_at: started,
    connections: [{
      name: "main", org_id: "00D5e000000HcZIEA0", schema: "salesforce", state: "running", paused: "none", last_error: null,
      mappings: [
        mapping("Account", 48_211, { verified_as_of: ago(310_000) }),
        mapping("Contact", 1_203_884, { verified_as_of: ago(910_000) }),
        mapping("Opportunity", 12_904, {}),
        mapping("Lead", 260_000, { state: "loading", loaded_rows: Math.floor((Date.now() / 40) % 260_000), lag_ms: { inbound: null, outbound: 0 } }),
        mapping("Product2", 310, { access: "read_only", source: "poll", source_reason: "the org sends no change events for it", upsert_field: null }),
      ],
      api_usage: { used: 61_240 + Math.floor(counters.attempts_sent / 50), allowed: 100_000, per_hour: 3_120.5, exhausted_in_ms: 44_700_000 },
      stream: { used: true, connected: true, last_event_at: ago(900), position_age_ms: 120 },
      workers: ["inbound", "outbound", "settle", "poll", "load", "maintenance"].map((name) => ({
        name, state: "running", steps: 1, last_step_at: ago(100), errors_in_a_row: 0, last_error: null, last_error_at: null })),
      counters,
    }],
  };
}

export function history(issue) {
  const event = (at, side, type, title, fields, more = {}) => ({ at: ago(at), side, type, title, action: "update", state: null, fields, actor: null, message: null, source: "trigger_log", ref: 1, ...more });
  return [
    event(2_000, "duet", "action", "resolve", [], { actor: "ada", source: "audit", message: "use salesforce" }),
    event(60_000, "duet", "issue", "conflict: both sides changed it", [], { source: "issue", ref: issue?.id ?? 1, state: "open" }),
    event(61_000, "salesforce", "lost", "newest kept Salesforce's value", [{ name: "Phone", old: "+43 316 555 0042", new: "+43 316 555 0199" }], { actor: "005000000000001AAA", source: "journal" }),
    event(63_000, "postgres", "sent", "update sent", [{ name: "Phone", new: "+43 316 555 0042" }], { state: "accepted", source: "lane" }),
    event(64_000, "postgres", "captured", "an app changed the row", [{ name: "Phone", old: "+43 316 555 010", new: "+43 316 555 0042" }], { state: "SUCCESS" }),
    event(8_640_000, "postgres", "captured", "an app added the row", [{ name: "Name", new: "<script>alert(1)</script>" }], { action: "insert", state: "SUCCESS", source: "trigger_log_archive" }),
  ];
}
