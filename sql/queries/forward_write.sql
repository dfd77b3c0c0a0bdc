-- A change of the engine's that is to go out: captured as the logger captures an app's (spec/heroku-connect.md §2.2).
-- $1 id of the row, $2 table, $3 action, $4 base of the named columns, $5 named columns whose base is unknown, $6 named columns.
INSERT INTO :log (txid, created_at, updated_at, state, action, table_name, record_id, sfid, old, "values")
SELECT pg_catalog.txid_current(), pg_catalog.clock_timestamp(), NULL, 'NEW', $3::text, $2::text, t.id,
    CASE WHEN $3::text <> 'INSERT' THEN t.sfid END,
    CASE WHEN $3::text <> 'INSERT'
        THEN ((c.captured OPERATOR(:hstore.-) $5::text[]) OPERATOR(:hstore.||) CAST($4::text AS :hstore.hstore))::text END,
    CASE $3::text
        WHEN 'INSERT' THEN c.captured::text
        WHEN 'UPDATE' THEN :hstore.slice(c.captured, $6::text[])::text END
FROM :table AS t,
    LATERAL (SELECT :hstore.hstore(t.*) OPERATOR(:hstore.-) ARRAY['_hc_lastop', '_hc_err'] AS captured) AS c
WHERE t.id = $1::bigint
