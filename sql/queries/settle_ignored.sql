-- $1 at most, $2 schema. Captured changes that need no syncing are done; tells the rows that they were about, by table, and the table's
-- mapping: without one the table may be gone.
WITH done AS (
    UPDATE :log SET state = 'IGNORED', processed_at = pg_catalog.clock_timestamp(), processed_tx = pg_catalog.txid_current(), updated_at = pg_catalog.now()
    WHERE id IN (SELECT id FROM :log WHERE state = 'IGNORE' ORDER BY id LIMIT $1::bigint FOR UPDATE SKIP LOCKED)
    RETURNING table_name, record_id
)
SELECT table_name, pg_catalog.array_agg(DISTINCT record_id), count(*),
    (SELECT m.id FROM duet.mapping AS m JOIN duet.connection AS c ON c.id = m.connection_id WHERE c.schema_name = $2 AND m.table_name = done.table_name)
FROM done GROUP BY table_name
