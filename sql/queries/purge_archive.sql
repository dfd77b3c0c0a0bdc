-- $1 age in ms, $2 at most. What an app wants requeued stays.
DELETE FROM :archive WHERE id IN (
    SELECT id FROM :archive WHERE created_at < pg_catalog.clock_timestamp() - $1::bigint * interval '1 millisecond' AND state <> 'REQUEUE'
    ORDER BY created_at LIMIT $2::bigint)
