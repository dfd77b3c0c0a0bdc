-- Root causes, the largest first. $12 at most.
SELECT kind, code, cause_field, rule, count(*), count(DISTINCT coalesce(sfid, record_id::text)),
    (extract(epoch FROM min(created_at)) * 1000)::bigint, (extract(epoch FROM max(updated_at)) * 1000)::bigint, max(id),
    (array_agg(message ORDER BY id DESC))[1], json_agg(DISTINCT object)
FROM duet.issue
:where
GROUP BY kind, code, cause_field, rule
ORDER BY count(*) DESC, max(id) DESC
LIMIT $12::bigint
