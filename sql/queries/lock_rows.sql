-- $1 mapping, $2 ids, $3 Ids, $4 keys. Rows by any of their names, in the order in which every transaction locks them. Each name has its index:
-- an OR would leave it to the planner, which knows nothing yet of a table that was just filled. What the app needs for its foreign keys stays
-- free; a later change of a key column or a delete waits for it.
SELECT :columns FROM :table AS t
WHERE t.id = ANY(ARRAY(
    SELECT pg_catalog.unnest($2::bigint[])
    UNION ALL SELECT s.id FROM :table AS s WHERE s.sfid = ANY($3::text[])
    :by_key
    -- A lane that is found by another name leads to the row that it knows.
    UNION ALL SELECT l.row_id FROM duet.lane AS l WHERE l.sfid = ANY($3::text[]) AND l.mapping_id = $1::bigint AND l.row_id IS NOT NULL
    UNION ALL SELECT l.row_id FROM duet.lane AS l WHERE l.former_sfid = ANY($3::text[]) AND l.mapping_id = $1::bigint AND l.row_id IS NOT NULL
    UNION ALL SELECT l.row_id FROM duet.lane AS l WHERE l.external_key = ANY(:keys) AND l.mapping_id = $1::bigint AND l.sfid IS NULL
        AND l.row_id IS NOT NULL
))
ORDER BY t.id :lock
