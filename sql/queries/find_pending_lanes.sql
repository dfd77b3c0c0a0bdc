-- $1 mapping, $2 now, $3 limit.
SELECT first_log, row_id, sfid, state ->> 'external_id' FROM duet.lane
WHERE mapping_id = $1::bigint AND sendable AND not_before <= $2::bigint
ORDER BY first_log NULLS FIRST LIMIT $3::bigint
