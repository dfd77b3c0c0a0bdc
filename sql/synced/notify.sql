-- The adaptive doorbell (design §6): the reader holds the advisory lock while it is awake, so a writer that cannot have it need
-- not ring. The lock is given back at once: held until the commit, it would keep the reader from ever taking it under load.
CREATE OR REPLACE FUNCTION :"schema".tlog_notify_trigger() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.state = 'NEW' AND pg_catalog.pg_try_advisory_lock_shared(:doorbell_class, :doorbell_object) THEN
        PERFORM pg_catalog.pg_advisory_unlock_shared(:doorbell_class, :doorbell_object);
        PERFORM pg_catalog.pg_notify(:'channel', 'ping');
    END IF;
    RETURN NULL;
END
$body$;
