-- $1 age in ms, $2 age of failed ones, $3 at most.
WITH gone AS (
    DELETE FROM :log WHERE id IN (
        SELECT id FROM :log WHERE state IN ('SUCCESS', 'MERGED', 'IGNORED', 'FAILED', 'READONLY')
            AND coalesce(processed_at, created_at, '-infinity') < pg_catalog.clock_timestamp() - CASE state WHEN 'FAILED' THEN $2::bigint ELSE $1::bigint END * interval '1 millisecond'
        ORDER BY id LIMIT $3::bigint FOR UPDATE SKIP LOCKED)
    RETURNING *
)
INSERT INTO :archive (id, txid, created_at, updated_at, processed_at, processed_tx, state, action, table_name, record_id, sfid, old, "values", sf_result, sf_message)
SELECT id, txid, created_at, updated_at, processed_at, processed_tx, state, action, table_name, record_id, sfid, old, "values", sf_result, sf_message FROM gone
ON CONFLICT (id) DO NOTHING
