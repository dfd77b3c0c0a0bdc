-- $1 mapping, $2 ids of rows, $3 Ids, $4 folded keys.
SELECT id, row_id, sfid, former_sfid, external_key, state FROM duet.lane
WHERE id = ANY(ARRAY(
    SELECT id FROM duet.lane WHERE row_id = ANY($2::bigint[]) AND mapping_id = $1::bigint
    UNION ALL SELECT id FROM duet.lane WHERE sfid = ANY($3::text[]) AND mapping_id = $1::bigint
    UNION ALL SELECT id FROM duet.lane WHERE former_sfid = ANY($3::text[]) AND mapping_id = $1::bigint
    UNION ALL SELECT id FROM duet.lane WHERE external_key = ANY($4::text[]) AND mapping_id = $1::bigint
))
ORDER BY id FOR UPDATE
