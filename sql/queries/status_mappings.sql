-- One row per mapping of a connection ($1 duet.connection.id, $2 schema): what `duet status` shows. Counts come from small indexes.
SELECT m.object,
       m.table_name,
       CASE WHEN (m.config ->> 'read_write')::boolean THEN 'read_write' ELSE 'read_only' END AS access,
       m.config ->> 'upsert_field' AS upsert_field,
       m.source,
       m.source_reason,
       m.state,
       m.loaded_rows,
       COALESCE(c.reltuples, -1)::bigint AS estimated_rows,
       (SELECT count(*) FROM duet.lane l
         WHERE l.mapping_id = m.id AND (l.sendable OR l.in_flight OR l.parked OR l.settle_by = 'unknown')) AS lanes,
       COALESCE(n.fresh, 0) AS fresh,
       COALESCE((EXTRACT(EPOCH FROM clock_timestamp() - n.oldest) * 1000)::bigint, 0) AS outbound_lag_ms,
       (SELECT count(*) FROM duet.issue i WHERE i.connection_id = m.connection_id AND i.state = 'open' AND i.mapping_id = m.id) AS issues,
       (SELECT pg_catalog.convert_from(p.position, 'UTF8') FROM duet.position p
         WHERE p.connection_id = m.connection_id AND p.source = 'poll:' || m.object) AS polled_until,
       (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint AS now_ms,
       c.oid IS NOT NULL AS table_exists
  FROM duet.mapping m
  LEFT JOIN pg_catalog.pg_namespace s ON s.nspname = $2
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid AND c.relname = m.table_name AND c.relkind IN ('r', 'p')
  LEFT JOIN (SELECT table_name, count(DISTINCT record_id) AS fresh, min(created_at) AS oldest
               FROM :"schema"._trigger_log WHERE state = 'NEW' GROUP BY table_name) n ON n.table_name = m.table_name
 WHERE m.connection_id = $1
 ORDER BY m.object
