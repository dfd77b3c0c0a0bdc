-- $1 table.
SELECT count(*) FILTER (WHERE state = 'NEW'), count(*) FILTER (WHERE state = 'PENDING'),
    coalesce((extract(epoch FROM pg_catalog.clock_timestamp() - min(created_at) FILTER (WHERE state = 'NEW')) * 1000)::bigint, 0)
FROM :log WHERE (state = 'NEW' OR state = 'PENDING') AND table_name = $1
