-- The system tables of a synced schema, column for column those of Heroku Connect (spec/heroku-connect.md §1.1, §2.1).
-- Apps insert into _trigger_log by position: the order of its columns is an interface.

CREATE SCHEMA IF NOT EXISTS :"schema";

CREATE TABLE IF NOT EXISTS :"schema"._hcmeta (
    id serial PRIMARY KEY,
    hcver integer,
    org_id varchar(50),
    details text
);

CREATE TABLE IF NOT EXISTS :"schema"._sf_event_log (
    id serial PRIMARY KEY,
    table_name varchar(128),
    action varchar(7),
    synced_at timestamptz DEFAULT now(),
    sf_timestamp timestamptz,
    sfid varchar(20),
    record text,
    processed boolean
);
CREATE INDEX IF NOT EXISTS idx__sf_event_log_comp_key ON :"schema"._sf_event_log (table_name, synced_at);
CREATE INDEX IF NOT EXISTS idx__sf_event_log_sfid ON :"schema"._sf_event_log (sfid);

CREATE TABLE IF NOT EXISTS :"schema"._trigger_log (
    id serial PRIMARY KEY,
    txid bigint,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    processed_at timestamptz,
    processed_tx bigint,
    state varchar(8),
    action varchar(7),
    table_name varchar(128),
    record_id integer,
    sfid varchar(18),
    old text,
    "values" text,
    sf_result integer,
    sf_message text
);
CREATE INDEX IF NOT EXISTS _trigger_log_idx_created_at ON :"schema"._trigger_log (created_at);
CREATE INDEX IF NOT EXISTS _trigger_log_idx_state_id ON :"schema"._trigger_log (state, id);
CREATE INDEX IF NOT EXISTS _trigger_log_idx_state_table_name ON :"schema"._trigger_log (state, table_name)
    WHERE state = 'NEW' OR state = 'PENDING';

CREATE TABLE IF NOT EXISTS :"schema"._trigger_log_archive (
    id integer PRIMARY KEY,
    txid bigint,
    created_at timestamptz,
    updated_at timestamptz,
    processed_at timestamptz,
    processed_tx bigint,
    state varchar(8),
    action varchar(7),
    table_name varchar(128),
    record_id integer,
    sfid varchar(18),
    old text,
    "values" text,
    sf_result integer,
    sf_message text
);
CREATE INDEX IF NOT EXISTS _trigger_log_archive_idx_created_at ON :"schema"._trigger_log_archive (created_at);
CREATE INDEX IF NOT EXISTS _trigger_log_archive_idx_record_id ON :"schema"._trigger_log_archive (record_id);
CREATE INDEX IF NOT EXISTS _trigger_log_archive_idx_state_table_name ON :"schema"._trigger_log_archive (state, table_name)
    WHERE state = 'FAILED';

-- Duet's own, and small: they hold only what waits. A record's NEW rows are found by its `id`, or by its Id once the row is gone; the oldest of a
-- table come first. The predicates are spelled so that a query that repeats one can use that index and none beside it: the statistics of a log that
-- was empty a moment ago say that every index finds one row, and the planner takes any (docs/decisions/0008).
DROP INDEX IF EXISTS :"schema".duet_trigger_log_new, :"schema".duet_trigger_log_new_record, :"schema".duet_trigger_log_new_delete,
    :"schema".duet_trigger_log_new_sfid;
CREATE INDEX IF NOT EXISTS duet_log_new ON :"schema"._trigger_log (table_name, id) WHERE (state = 'NEW') IS TRUE AND id > 0;
CREATE INDEX IF NOT EXISTS duet_log_new_record ON :"schema"._trigger_log (record_id, table_name) WHERE (state = 'NEW') IS TRUE AND record_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS duet_log_new_sfid ON :"schema"._trigger_log (sfid) WHERE (state = 'NEW') IS TRUE AND sfid IS NOT NULL;
CREATE INDEX IF NOT EXISTS duet_log_new_delete ON :"schema"._trigger_log (table_name) WHERE (state = 'NEW' AND action = 'DELETE') IS TRUE;
