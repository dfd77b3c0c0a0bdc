-- $1 mapping, $2 now, $3 accepted before, $4 unknown before, $5 limit.
SELECT row_id, sfid, state ->> 'external_id' FROM duet.lane
WHERE mapping_id = $1::bigint AND settle_by IS NOT NULL AND not_before <= $2::bigint
    AND (settle_by = 'read' OR (settle_by = 'accepted' AND settle_since < $3::bigint) OR (settle_by = 'unknown' AND settle_since < $4::bigint))
ORDER BY settle_since LIMIT $5::bigint
