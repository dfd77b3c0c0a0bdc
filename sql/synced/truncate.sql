-- TRUNCATE deletes rows without telling row triggers: what it takes away is captured before it goes (spec/reliability.md §2.3 29).
CREATE OR REPLACE FUNCTION :"schema".:"truncator"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :"hstore", pg_temp
SET DateStyle = 'ISO, YMD'
SET extra_float_digits = 1
AS $body$
BEGIN
    INSERT INTO :"schema"._trigger_log (txid, created_at, updated_at, state, action, table_name, record_id, sfid, old)
    SELECT txid_current(), clock_timestamp(), NULL, :'captured_state', 'DELETE', :'table', t.id, t.sfid,
        (hstore(t) - ARRAY['_hc_lastop', '_hc_err'])::text
    FROM :"schema".:"table" AS t WHERE t.sfid IS NOT NULL;
    RETURN NULL;
END
$body$;
