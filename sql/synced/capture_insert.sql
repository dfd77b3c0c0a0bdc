-- Captures a row again as an insert: for retries by hand (spec/heroku-connect.md §2.5).
CREATE OR REPLACE FUNCTION :"schema".hc_capture_insert_from_row(
    source_row :"hstore".hstore, table_name varchar, excluded_cols text[] DEFAULT '{}'::text[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, :"hstore" AS $body$
DECLARE
    log_id integer;
BEGIN
    IF source_row -> 'id' IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO :"schema"._trigger_log (txid, created_at, state, action, table_name, record_id, "values")
    VALUES (txid_current(), clock_timestamp(), 'NEW', 'INSERT', hc_capture_insert_from_row.table_name,
            (source_row -> 'id')::integer,
            (source_row - array_remove(array_remove(excluded_cols, 'id'), 'sfid') - ARRAY['_hc_lastop', '_hc_err'])::text)
    RETURNING id INTO log_id;
    RETURN log_id;
END
$body$;
