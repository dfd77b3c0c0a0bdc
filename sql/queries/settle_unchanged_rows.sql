-- $1 schema, $2 table, $3 rows. PENDING means that something is on its way: a NEW or PENDING log row, or a lane.
UPDATE :table AS t SET _hc_lastop = 'SYNCED', _hc_err = NULL
WHERE t.id = ANY($3::integer[]) AND t._hc_lastop = 'PENDING' AND t.sfid IS NOT NULL
    AND t.id <> ALL(ARRAY(
        SELECT l.record_id FROM :log AS l WHERE (l.state = 'NEW') IS TRUE AND l.table_name = $2 AND l.record_id = ANY($3::integer[])
        UNION ALL SELECT l.record_id FROM :log AS l WHERE l.state = 'PENDING' AND l.table_name = $2 AND l.record_id = ANY($3::integer[])))
    AND NOT EXISTS (SELECT FROM duet.lane AS a JOIN duet.mapping AS m ON m.id = a.mapping_id JOIN duet.connection AS c ON c.id = m.connection_id
        WHERE c.schema_name = $1 AND m.table_name = $2 AND a.row_id = t.id)
