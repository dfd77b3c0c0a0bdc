-- Captures columns of a row again as an update: for retries by hand (spec/heroku-connect.md §2.5).
CREATE OR REPLACE FUNCTION :"schema".hc_capture_update_from_row(
    source_row :"hstore".hstore, table_name varchar, columns_to_include text[] DEFAULT '{}'::text[]) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, :"hstore" AS $body$
DECLARE
    log_id integer;
    captured hstore := source_row - ARRAY['_hc_lastop', '_hc_err'];
BEGIN
    IF source_row -> 'id' IS NULL THEN
        RETURN NULL;
    END IF;
    IF cardinality(columns_to_include) > 0 THEN
        captured := slice(captured, columns_to_include);
    END IF;
    INSERT INTO :"schema"._trigger_log (txid, created_at, state, action, table_name, record_id, sfid, "values")
    VALUES (txid_current(), clock_timestamp(), 'NEW', 'UPDATE', hc_capture_update_from_row.table_name,
            (source_row -> 'id')::integer, source_row -> 'sfid', captured::text)
    RETURNING id INTO log_id;
    RETURN log_id;
END
$body$;
