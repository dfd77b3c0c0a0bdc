-- $1 mapping, $2 records with the kinds of issues that are settled.
UPDATE duet.issue AS i SET state = 'resolved', updated_at = pg_catalog.clock_timestamp(), closed_at = pg_catalog.clock_timestamp(),
    outcome = 'What stood against it is gone.'
FROM pg_catalog.json_to_recordset($2::json) AS s(record_id bigint, sfid text, kind text)
WHERE i.mapping_id = $1::bigint AND i.state = 'open' AND i.kind = s.kind AND (i.record_id = s.record_id OR i.sfid = s.sfid)
