-- $1 mapping, $2 ids of rows, $3 Ids, $4 table. For records that were changed very often while nobody took their changes up: of their NEW updates
-- only the first and the last that name each column stay, which is what a lane would make of them (design §5 rules 8, 11).
WITH named AS (
    SELECT l.id, l.record_id, k.key FROM :log AS l CROSS JOIN LATERAL :hstore.skeys(CAST(l."values" AS :hstore.hstore)) AS k(key)
    WHERE (l.state = 'NEW') IS TRUE AND l.action = 'UPDATE' AND l.table_name = $4 AND l.record_id = ANY(ARRAY(
        SELECT pg_catalog.unnest($2::bigint[])
        UNION ALL SELECT a.row_id FROM duet.lane AS a WHERE a.sfid = ANY($3::text[]) AND a.mapping_id = $1::bigint AND a.row_id IS NOT NULL
        UNION ALL SELECT d.record_id FROM :log AS d WHERE (d.state = 'NEW') IS TRUE AND d.sfid = ANY($3::text[]) AND d.table_name = $4))
), kept AS (
    SELECT min(id) AS id FROM named GROUP BY record_id, key UNION ALL SELECT max(id) FROM named GROUP BY record_id, key
)
UPDATE :log SET state = 'MERGED', processed_at = pg_catalog.clock_timestamp(), processed_tx = pg_catalog.txid_current(), updated_at = pg_catalog.now()
WHERE id = ANY(ARRAY(SELECT n.id FROM named AS n EXCEPT SELECT k.id FROM kept AS k))
