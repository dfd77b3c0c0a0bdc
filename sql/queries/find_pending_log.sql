-- $1 table, $2 limit. NEW log rows of a table in the order of capture, with the names of their records as far as they are known.
SELECT l.id, l.record_id, coalesce(t.sfid, l.sfid), :key
FROM (SELECT n.id, n.record_id, n.sfid FROM :log AS n WHERE (n.state = 'NEW') IS TRUE AND n.id > 0 AND n.table_name = $1 ORDER BY n.id LIMIT $2::bigint) AS l
LEFT JOIN :table AS t ON t.id = l.record_id
ORDER BY l.id
