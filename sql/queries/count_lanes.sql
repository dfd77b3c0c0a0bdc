-- $1 mapping.
SELECT count(*), count(*) FILTER (WHERE sendable), count(*) FILTER (WHERE in_flight), count(*) FILTER (WHERE settle_by IS NOT NULL AND NOT dirty),
    count(*) FILTER (WHERE dirty), count(*) FILTER (WHERE parked)
FROM duet.lane WHERE mapping_id = $1::bigint
