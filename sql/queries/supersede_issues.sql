-- $1 connection. A refused write is settled by a later one that the org took, if that wrote all of its fields.
WITH accepted AS (
    SELECT l.table_name, l.record_id, l.action, l.processed_at, l."values" FROM :log AS l
    WHERE l.state IN ('SUCCESS', 'MERGED') AND l.action IN ('INSERT', 'UPDATE')
        AND l.processed_at > pg_catalog.now() - interval '10 minutes'
)
UPDATE duet.issue AS i
SET state = 'superseded', updated_at = pg_catalog.clock_timestamp(), closed_at = pg_catalog.clock_timestamp(),
    outcome = 'A later write of the same fields was accepted.'
FROM accepted AS a
WHERE i.connection_id = $1::integer AND i.state = 'open' AND i.kind = 'rejected' AND json_array_length(i.fields) > 0
    AND i.table_name = a.table_name AND i.record_id = a.record_id AND a.processed_at > i.updated_at
    AND (a.action = 'INSERT' OR NOT EXISTS (
        SELECT FROM json_array_elements(i.fields) AS f
        WHERE NOT :hstore.exist(CAST(a."values" AS :hstore.hstore), pg_catalog.lower(f.value ->> 'name'))))
