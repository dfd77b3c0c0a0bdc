-- $1 mapping, $2 ids of rows, $3 Ids, $4 table. NEW log rows of records, oldest first. A row that is gone is known by the `id` of its lane, or of a
-- captured delete with its Id.
SELECT :columns FROM :log AS l
WHERE (l.state = 'NEW') IS TRUE AND l.table_name = $4 AND l.record_id = ANY(ARRAY(
    SELECT pg_catalog.unnest($2::bigint[])
    UNION ALL SELECT a.row_id FROM duet.lane AS a WHERE a.sfid = ANY($3::text[]) AND a.mapping_id = $1::bigint AND a.row_id IS NOT NULL
    UNION ALL SELECT d.record_id FROM :log AS d WHERE (d.state = 'NEW') IS TRUE AND d.sfid = ANY($3::text[]) AND d.table_name = $4
))
ORDER BY l.id LIMIT :limit
