-- The rival of B11: a logger as spec/heroku-connect.md §2.2 describes Heroku Connect's, with its log table, its indexes and its NOTIFY for
-- every logged row. `rival.account` has the columns, defaults and indexes of Duet's table.
CREATE SCHEMA rival;
CREATE TABLE rival.account (LIKE salesforce.account INCLUDING DEFAULTS INCLUDING INDEXES);
INSERT INTO rival.account SELECT * FROM salesforce.account;
CREATE TABLE rival._trigger_log (
    id serial PRIMARY KEY, txid bigint, created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(), processed_at timestamptz,
    processed_tx bigint, state varchar(8), action varchar(7), table_name varchar(128), record_id integer, sfid varchar(18), old text, "values" text,
    sf_result integer, sf_message text);
CREATE INDEX ON rival._trigger_log (created_at);
CREATE INDEX ON rival._trigger_log (state, id);
CREATE INDEX ON rival._trigger_log (state, table_name) WHERE state = 'NEW' OR state = 'PENDING';

CREATE FUNCTION rival.hc_account_logger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    excluded_cols text[] := ARRAY['_hc_lastop', '_hc_err']::text[];
    changed_fields hstore;
    trigger_row rival._trigger_log;
BEGIN
    trigger_row.id := nextval('rival._trigger_log_id_seq');
    trigger_row.txid := txid_current();
    trigger_row.created_at := clock_timestamp();
    trigger_row.state := 'NEW';
    trigger_row.action := TG_OP;
    trigger_row.table_name := TG_TABLE_NAME;
    trigger_row.record_id := NEW.id;
    trigger_row.sfid := OLD.sfid;
    trigger_row.old := (hstore(OLD.*) - excluded_cols)::text;
    changed_fields := (hstore(NEW.*) - hstore(OLD.*)) - excluded_cols;
    trigger_row."values" := changed_fields::text;
    IF changed_fields = hstore('') THEN
        trigger_row.state := 'IGNORE';
    END IF;
    INSERT INTO rival._trigger_log SELECT trigger_row.*;
    RETURN NULL;
END $$;
CREATE FUNCTION rival.tlog_notify_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('rival.hc_trigger_log', 'ping');
    RETURN new;
END $$;
CREATE FUNCTION rival.hc_account_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('xmlbinary') = 'base64' THEN
        NEW._hc_lastop := 'PENDING';
        NEW._hc_err := NULL;
        RETURN NEW;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tlog_insert_trigger AFTER INSERT ON rival._trigger_log FOR EACH ROW EXECUTE FUNCTION rival.tlog_notify_trigger();
CREATE TRIGGER hc_account_logtrigger AFTER UPDATE ON rival.account FOR EACH ROW
    WHEN ((public.get_xmlbinary())::text = 'base64'::text) EXECUTE FUNCTION rival.hc_account_logger();
CREATE TRIGGER hc_account_status_trigger BEFORE INSERT OR UPDATE ON rival.account FOR EACH ROW EXECUTE FUNCTION rival.hc_account_status();

-- The floor: the same table without triggers.
CREATE SCHEMA bare;
CREATE TABLE bare.account (LIKE salesforce.account INCLUDING DEFAULTS INCLUDING INDEXES);
INSERT INTO bare.account SELECT * FROM salesforce.account;
ANALYZE;
