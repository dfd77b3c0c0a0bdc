-- What Duet keeps beside the synced schemas (design §6). One set of tables serves every connection of the database.

CREATE TABLE duet.connection (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    schema_name text NOT NULL UNIQUE,
    -- The clone guard: which database and which org belong together.
    org_id text,
    system_identifier bigint,
    database_oid bigint,
    timeline integer,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE duet.setting (
    connection_id integer NOT NULL REFERENCES duet.connection ON DELETE CASCADE,
    name text NOT NULL,
    value text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, name)
);

CREATE TABLE duet.position (
    connection_id integer NOT NULL REFERENCES duet.connection ON DELETE CASCADE,
    source text NOT NULL,
    position bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, source)
);

CREATE TABLE duet.mapping (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id integer NOT NULL REFERENCES duet.connection ON DELETE CASCADE,
    object text NOT NULL,
    table_name text NOT NULL,
    config json NOT NULL,
    source text NOT NULL,
    source_reason text NOT NULL,
    state text NOT NULL DEFAULT 'created' CHECK (state IN ('created', 'loading', 'loaded')),
    loaded_rows bigint NOT NULL DEFAULT 0,
    -- Everything of the object since this time of the org must be read again; ms since 1970.
    range_dirty_since bigint,
    range_dirty_reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (connection_id, object),
    UNIQUE (connection_id, table_name)
);

-- One row per record that has something on its way (design §5). `state` is the lane; the other columns repeat what queries
-- look for. Times are ms of the engine's clock.
CREATE TABLE duet.lane (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mapping_id bigint NOT NULL REFERENCES duet.mapping ON DELETE CASCADE,
    row_id bigint,
    sfid text,
    former_sfid text,
    external_key text, -- folded as the org compares it
    state json NOT NULL,
    not_before bigint NOT NULL,
    first_log bigint,
    sendable boolean NOT NULL,
    in_flight boolean NOT NULL,
    parked boolean NOT NULL,
    dirty boolean NOT NULL,
    settle_by text CHECK (settle_by IN ('read', 'accepted', 'unknown')),
    settle_since bigint NOT NULL,
    tombstone_until bigint,
    only_tombstone boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
-- The name comes first: with the mapping in front, any of them would seem as good as the right one to a planner without statistics.
CREATE UNIQUE INDEX lane_row ON duet.lane (row_id, mapping_id);
CREATE UNIQUE INDEX lane_sfid ON duet.lane (sfid, mapping_id);
CREATE UNIQUE INDEX lane_key ON duet.lane (external_key, mapping_id);
CREATE INDEX lane_former_sfid ON duet.lane (former_sfid, mapping_id) WHERE former_sfid IS NOT NULL;
CREATE INDEX lane_sendable ON duet.lane (mapping_id, first_log) WHERE sendable;
CREATE INDEX lane_in_flight ON duet.lane (mapping_id) WHERE in_flight;
CREATE INDEX lane_settle ON duet.lane (mapping_id, settle_since) WHERE settle_by IS NOT NULL;
CREATE INDEX lane_tombstone ON duet.lane (mapping_id, tombstone_until) WHERE tombstone_until IS NOT NULL;

CREATE TABLE duet.spool (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mapping_id bigint NOT NULL REFERENCES duet.mapping ON DELETE CASCADE,
    event text NOT NULL
);
CREATE INDEX spool_mapping ON duet.spool (mapping_id, id);

-- Append-only: every value that lost, was rejected or was reverted.
CREATE TABLE duet.journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id integer NOT NULL,
    mapping_id bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    object text NOT NULL,
    record_id bigint,
    sfid text,
    external_id text,
    reason text NOT NULL,
    field text,
    base json,
    lost json,
    kept json,
    lost_side text NOT NULL,
    rule text NOT NULL,
    actor text,
    lost_actor text,
    lost_at bigint,
    attempt text,
    row_before json
);
CREATE INDEX journal_object ON duet.journal (connection_id, object, id);
CREATE INDEX journal_sfid ON duet.journal (connection_id, sfid, id) WHERE sfid IS NOT NULL;
CREATE INDEX journal_row ON duet.journal (mapping_id, record_id, id);

CREATE TABLE duet.issue (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id integer NOT NULL,
    mapping_id bigint,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'decided', 'resolved', 'reverted', 'superseded', 'ignored')),
    object text,
    table_name text,
    record_id bigint,
    sfid text,
    external_id text,
    message text NOT NULL,
    code text,
    rule text,
    fields json NOT NULL,
    occurrences integer NOT NULL DEFAULT 1
);
CREATE INDEX issue_state ON duet.issue (connection_id, state, id);
CREATE INDEX issue_open_record ON duet.issue (mapping_id, record_id, sfid) WHERE state = 'open';
CREATE INDEX issue_record ON duet.issue (mapping_id, record_id, id);

-- A statement that fires an app's triggers may leave xmlbinary changed; what we write next would be taken for the app's
-- (spec/heroku-connect.md §3.2). The engine calls this after each such statement.
CREATE FUNCTION duet.assert_xmlbinary() RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
    IF pg_catalog.current_setting('xmlbinary') <> 'hex' THEN
        RAISE EXCEPTION 'a trigger left xmlbinary changed' USING ERRCODE = 'DU001';
    END IF;
END
$body$;
