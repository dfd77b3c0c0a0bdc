-- Captures the app's changes of one table (spec/heroku-connect.md §2.2). Runs as its owner, so that an app needs no right on the
-- log; dates and numbers are printed the same whatever the app's session says.
CREATE OR REPLACE FUNCTION :"schema".:"logger"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"hstore", pg_temp
SET DateStyle = 'ISO, YMD'
SET extra_float_digits = 1
AS $body$
DECLARE
    excluded CONSTANT text[] := ARRAY['_hc_lastop', '_hc_err'];
    log_state text := :'captured_state';
    before hstore;
    changed hstore;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO :"schema"._trigger_log (txid, created_at, updated_at, state, action, table_name, record_id, "values")
        VALUES (txid_current(), clock_timestamp(), NULL, log_state, 'INSERT', :'table', NEW.id,
                (hstore(NEW) - excluded)::text);
    ELSIF TG_OP = 'UPDATE' THEN
        before := hstore(OLD) - excluded;
        changed := hstore(NEW) - excluded - before;
        IF log_state = 'NEW' AND changed = ''::hstore THEN
            log_state := 'IGNORE';
        END IF;
        INSERT INTO :"schema"._trigger_log (txid, created_at, updated_at, state, action, table_name, record_id, sfid, old, "values")
        VALUES (txid_current(), clock_timestamp(), NULL, log_state, 'UPDATE', :'table', NEW.id, OLD.sfid, before::text,
                changed::text);
    ELSE
        IF log_state = 'NEW' AND OLD.sfid IS NULL THEN
            log_state := 'IGNORE';
        END IF;
        INSERT INTO :"schema"._trigger_log (txid, created_at, updated_at, state, action, table_name, record_id, sfid, old)
        VALUES (txid_current(), clock_timestamp(), NULL, log_state, 'DELETE', :'table', OLD.id, OLD.sfid,
                (hstore(OLD) - excluded)::text);
    END IF;
    RETURN NULL;
END
$body$;
