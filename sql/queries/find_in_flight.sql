-- $1 mapping.
SELECT row_id, sfid, state ->> 'external_id' FROM duet.lane WHERE mapping_id = $1::bigint AND in_flight ORDER BY id
