-- $1 schema, $2 tables. The column may have another type than its sequence: the smaller range counts.
SELECT n.nspname || '.' || s.relname, coalesce(pg_catalog.pg_sequence_last_value(s.oid), 0),
    least(q.seqmax, CASE a.atttypid WHEN 'pg_catalog.int4'::regtype THEN 2147483647 ELSE 9223372036854775807 END)
FROM pg_catalog.pg_class t
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_depend d ON d.refobjid = t.oid AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE n.nspname = $1 AND t.relname = ANY($2::text[])
ORDER BY 1
