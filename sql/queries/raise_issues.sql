-- $1 connection, $2 mapping, $3 object, $4 table, $5 issues. What happens again does not pile up: the open issue of the same record, kind and
-- code is brought up to date.
WITH raised AS (
    SELECT r.*, pg_catalog.row_number() OVER () AS n
    FROM pg_catalog.json_to_recordset($5::json) AS r(kind text, state text, record_id bigint, sfid text, external_id text, message text, code text,
        rule text, fields json, attempt text, salesforce_actor text, salesforce_at bigint, postgres_at bigint)
), again AS (
    UPDATE duet.issue AS i
    SET message = r.message, rule = r.rule, fields = r.fields, attempt = r.attempt, salesforce_actor = r.salesforce_actor,
        salesforce_at = r.salesforce_at, postgres_at = r.postgres_at, occurrences = i.occurrences + 1, updated_at = pg_catalog.clock_timestamp()
    FROM raised AS r
    WHERE r.state = 'open' AND i.state = 'open' AND i.connection_id = $1::integer AND i.mapping_id IS NOT DISTINCT FROM $2::bigint
        AND i.kind = r.kind AND i.code IS NOT DISTINCT FROM r.code
        AND (i.record_id = r.record_id OR i.sfid = r.sfid OR (i.record_id IS NULL AND i.sfid IS NULL AND r.record_id IS NULL AND r.sfid IS NULL))
    RETURNING r.n
)
INSERT INTO duet.issue (connection_id, mapping_id, object, table_name, kind, state, record_id, sfid, external_id, message, code, rule, fields, attempt,
    salesforce_actor, salesforce_at, postgres_at)
SELECT $1::integer, $2::bigint, $3, $4, r.kind, r.state, r.record_id, r.sfid, r.external_id, r.message, r.code, r.rule, r.fields, r.attempt,
    r.salesforce_actor, r.salesforce_at, r.postgres_at
FROM raised AS r WHERE NOT EXISTS (SELECT FROM again AS a WHERE a.n = r.n)
