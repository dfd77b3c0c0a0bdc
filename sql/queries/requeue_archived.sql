-- $1 at most. What an app marked REQUEUE goes out again as a NEW row (spec/heroku-connect.md §2.3).
WITH marked AS (
    UPDATE :archive SET state = 'REQUEUED', updated_at = pg_catalog.now()
    WHERE id IN (SELECT id FROM :archive WHERE state = 'REQUEUE' ORDER BY id LIMIT $1::bigint FOR UPDATE SKIP LOCKED)
    RETURNING action, table_name, record_id, sfid, old, "values"
)
INSERT INTO :log (txid, created_at, state, action, table_name, record_id, sfid, old, "values")
SELECT pg_catalog.txid_current(), pg_catalog.clock_timestamp(), 'NEW', action, table_name, record_id, sfid, old, "values" FROM marked
