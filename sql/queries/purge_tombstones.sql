-- $1 mapping, $2 now. Lanes with something else on their way lose only the tombstone.
WITH gone AS (
    DELETE FROM duet.lane WHERE mapping_id = $1::bigint AND tombstone_until < $2::bigint AND only_tombstone RETURNING 1
), kept AS (
    UPDATE duet.lane SET state = (state::jsonb - 'tombstone')::json, tombstone_until = NULL
    WHERE mapping_id = $1::bigint AND tombstone_until < $2::bigint AND NOT only_tombstone RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept)
