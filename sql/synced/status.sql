-- Keeps _hc_lastop and _hc_err of one table (spec/heroku-connect.md §3.6): an app's write is PENDING whatever it says; what the engine
-- writes stands only where it changes the status, else the row is SYNCED.
CREATE OR REPLACE FUNCTION :"schema".:"status"() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    IF pg_catalog.current_setting('xmlbinary') = 'base64' THEN
        NEW._hc_lastop := 'PENDING';
        NEW._hc_err := NULL;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW._hc_lastop IS NOT NULL AND NEW._hc_lastop IS DISTINCT FROM OLD._hc_lastop THEN
        RETURN NEW;
    END IF;
    NEW._hc_lastop := 'SYNCED';
    NEW._hc_err := NULL;
    RETURN NEW;
END
$body$;
