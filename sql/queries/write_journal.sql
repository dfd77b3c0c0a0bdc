-- $1 connection, $2 mapping, $3 object, $4 entries. Whole rows are taken as they are now.
INSERT INTO duet.journal (connection_id, mapping_id, object, record_id, sfid, external_id, reason, field, base, lost, kept, lost_side, rule, actor,
    lost_actor, lost_at, kept_at, attempt, row_before)
SELECT $1::integer, $2::bigint, $3, e.record_id, e.sfid, e.external_id, e.reason, e.field, e.base, e.lost, e.kept, e.lost_side, e.rule, e.actor,
    e.lost_actor, e.lost_at, e.kept_at, e.attempt,
    CASE WHEN e.whole_row THEN (SELECT pg_catalog.row_to_json(t.*) FROM :table AS t WHERE t.id = e.record_id) END
FROM pg_catalog.json_to_recordset($4::json) AS e(record_id bigint, sfid text, external_id text, reason text, field text, base json, lost json, kept json,
    lost_side text, rule text, actor text, lost_actor text, lost_at bigint, kept_at bigint, attempt text, whole_row boolean)
