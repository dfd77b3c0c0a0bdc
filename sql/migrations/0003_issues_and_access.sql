-- What people do about issues, who they are, and who else is told.

ALTER TABLE duet.journal ADD COLUMN kept_at bigint; -- when the kept value was written, as far as it is known
CREATE INDEX journal_created ON duet.journal (connection_id, created_at);

ALTER TABLE duet.issue
    ADD COLUMN attempt text,
    ADD COLUMN salesforce_actor text,
    ADD COLUMN salesforce_at bigint,
    ADD COLUMN postgres_at bigint,
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN closed_by text,
    ADD COLUMN outcome text,
    -- With kind, code and rule the root cause. An issue about several fields has no field of its own.
    ADD COLUMN cause_field text GENERATED ALWAYS AS (CASE WHEN json_array_length(fields) = 1 THEN fields -> 0 ->> 'name' END) STORED;
CREATE INDEX issue_listed ON duet.issue (connection_id, id);
CREATE INDEX issue_updated ON duet.issue (connection_id, updated_at);
CREATE INDEX issue_sfid ON duet.issue (connection_id, sfid, id) WHERE sfid IS NOT NULL;

-- Users of the API and the dashboard. They are kept in the database of the first connection of the configuration.
CREATE TABLE duet.access_user (
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    password_hash text NOT NULL, -- argon2id, with its parameters and salt
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz
);

CREATE TABLE duet.access_session (
    hash bytea PRIMARY KEY, -- SHA-256 of the cookie
    user_name text NOT NULL REFERENCES duet.access_user ON DELETE CASCADE,
    csrf text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX access_session_user ON duet.access_session (user_name);

CREATE TABLE duet.access_token (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    hash bytea NOT NULL UNIQUE, -- SHA-256 of the token
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz
);

-- Every action. Append-only, and each entry holds the hash of the one before, so that a change by whoever could drop the trigger shows.
CREATE TABLE duet.audit (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    connection_id integer,
    actor text NOT NULL,
    role text,
    via text NOT NULL CHECK (via IN ('session', 'token', 'cli')),
    action text NOT NULL,
    target text,
    detail text NOT NULL CHECK (detail::json IS NOT NULL),
    outcome text NOT NULL,
    hash bytea NOT NULL
);
CREATE INDEX audit_at ON duet.audit (at);

CREATE FUNCTION duet.audit_hash(before bytea, entry duet.audit) RETURNS bytea
LANGUAGE sql STABLE AS $body$
SELECT pg_catalog.sha256(before || pg_catalog.convert_to(pg_catalog.json_build_array(entry.id, extract(epoch FROM entry.at), entry.connection_id,
    entry.actor, entry.role, entry.via, entry.action, entry.target, entry.detail, entry.outcome)::text, 'UTF8'))
$body$;

CREATE FUNCTION duet.chain_audit() RETURNS trigger
LANGUAGE plpgsql AS $body$
DECLARE
    last duet.audit;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'DU002';
    END IF;
    -- One at a time until the end of the transaction: ids and hashes follow each other without a gap.
    PERFORM pg_catalog.pg_advisory_xact_lock(1146438996, 1);
    SELECT * INTO last FROM duet.audit ORDER BY id DESC LIMIT 1;
    NEW.id = coalesce(last.id, 0) + 1;
    NEW.at = pg_catalog.clock_timestamp();
    NEW.hash = duet.audit_hash(coalesce(last.hash, ''), NEW);
    RETURN NEW;
END
$body$;
CREATE TRIGGER chain_audit BEFORE INSERT OR UPDATE OR DELETE ON duet.audit FOR EACH ROW EXECUTE FUNCTION duet.chain_audit();
CREATE TRIGGER keep_audit BEFORE TRUNCATE ON duet.audit FOR EACH STATEMENT EXECUTE FUNCTION duet.chain_audit();

-- The first entry that is not what was written, or follows a gap; NULL when all are.
CREATE FUNCTION duet.audit_broken_at() RETURNS bigint
LANGUAGE sql STABLE AS $body$
SELECT min(c.id) FROM (
    SELECT a.id, a.hash, duet.audit_hash(coalesce(lag(a.hash) OVER (ORDER BY a.id), ''), a) AS wanted, row_number() OVER (ORDER BY a.id) AS n
    FROM duet.audit AS a) AS c
WHERE c.hash <> c.wanted OR c.id <> c.n
$body$;

-- Webhooks as the configuration has them, written at the start of serve, and what is still to be delivered.
CREATE TABLE duet.webhook (
    connection_id integer NOT NULL REFERENCES duet.connection ON DELETE CASCADE,
    name text NOT NULL,
    events text[] NOT NULL,
    last_delivered_at timestamptz,
    PRIMARY KEY (connection_id, name)
);

CREATE TABLE duet.webhook_delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id integer NOT NULL,
    webhook text NOT NULL,
    event text NOT NULL, -- issue.open, issue.resolved, …, journal
    ref bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_error text,
    FOREIGN KEY (connection_id, webhook) REFERENCES duet.webhook ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_due ON duet.webhook_delivery (connection_id, webhook, next_try_at);

-- In the transaction of what it tells of, so that nothing is told that did not happen, and nothing that happened is not told.
CREATE FUNCTION duet.queue_webhooks() RETURNS trigger
LANGUAGE plpgsql AS $body$
DECLARE
    event text = CASE TG_TABLE_NAME WHEN 'journal' THEN 'journal' ELSE 'issue' END;
    detailed text = event;
BEGIN
    IF event = 'issue' THEN
        detailed = 'issue.' || (pg_catalog.to_jsonb(NEW) ->> 'state');
    END IF;
    INSERT INTO duet.webhook_delivery (connection_id, webhook, event, ref)
    SELECT NEW.connection_id, w.name, detailed, NEW.id FROM duet.webhook AS w
    WHERE w.connection_id = NEW.connection_id AND (w.events OPERATOR(pg_catalog.&&) ARRAY[event, detailed]);
    RETURN NULL;
END
$body$;
CREATE TRIGGER queue_webhooks AFTER INSERT ON duet.journal FOR EACH ROW EXECUTE FUNCTION duet.queue_webhooks();
CREATE TRIGGER queue_webhooks AFTER INSERT ON duet.issue FOR EACH ROW EXECUTE FUNCTION duet.queue_webhooks();
CREATE TRIGGER queue_webhooks_again AFTER UPDATE ON duet.issue FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION duet.queue_webhooks();

-- For people's own queries; docs/issues.md tells what the columns mean.
CREATE FUNCTION duet.plain(value json) RETURNS text -- a stored value as text: dates and the like without their type
LANGUAGE sql IMMUTABLE AS $body$
SELECT CASE pg_catalog.json_typeof(value)
    WHEN 'object' THEN CASE WHEN value ->> 'null' IS NOT NULL OR value ->> 'absent' IS NOT NULL THEN NULL
        ELSE coalesce(value ->> 'double', value ->> 'date', value ->> 'datetime', value ->> 'time') END
    ELSE value #>> '{}' END
$body$;

CREATE FUNCTION duet.from_ms(ms bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $body$ SELECT pg_catalog.to_timestamp(ms / 1000.0) $body$;

CREATE VIEW duet.issues AS
SELECT i.id, c.name AS connection, i.kind, i.state, i.object, i.table_name, i.record_id, i.sfid, i.external_id, i.code, i.cause_field AS field, i.rule,
    i.message, i.occurrences, i.created_at, i.updated_at, i.closed_at, i.closed_by, i.outcome, i.salesforce_actor,
    duet.from_ms(i.salesforce_at) AS salesforce_at, duet.from_ms(i.postgres_at) AS postgres_at, i.fields
FROM duet.issue AS i JOIN duet.connection AS c ON c.id = i.connection_id;

CREATE VIEW duet.issue_fields AS
SELECT i.id AS issue_id, f.value ->> 'name' AS field, duet.plain(f.value -> 'base') AS base, duet.plain(f.value -> 'salesforce') AS salesforce,
    duet.plain(f.value -> 'postgres') AS postgres, f.value ->> 'chosen' AS chosen
FROM duet.issue AS i, json_array_elements(i.fields) AS f;

CREATE VIEW duet.journal_entries AS
SELECT j.id, c.name AS connection, j.created_at, j.object, j.record_id, j.sfid, j.external_id, j.reason, j.field, duet.plain(j.base) AS base,
    duet.plain(j.lost) AS lost, duet.plain(j.kept) AS kept, j.lost_side, j.rule, j.actor, j.lost_actor, duet.from_ms(j.lost_at) AS lost_at,
    duet.from_ms(j.kept_at) AS kept_at, j.attempt, j.row_before
FROM duet.journal AS j JOIN duet.connection AS c ON c.id = j.connection_id;

CREATE VIEW duet.pending AS
SELECT c.name AS connection, m.object, m.table_name, l.row_id AS record_id, l.sfid, l.in_flight, nullif(l.state ->> 'parked', '') AS parked, l.dirty, l.updated_at
FROM duet.lane AS l JOIN duet.mapping AS m ON m.id = l.mapping_id JOIN duet.connection AS c ON c.id = m.connection_id
WHERE NOT l.only_tombstone;
