-- $1 connection, $2 issue, $3 state that it must be in, or empty, $4 state, $5 by whom, $6 outcome, $7 what was chosen, by field.
UPDATE duet.issue AS i
SET state = $4, closed_by = nullif($5, ''), outcome = nullif($6, ''), closed_at = clock_timestamp(), updated_at = clock_timestamp(),
    fields = CASE WHEN $7::text = '{}' OR json_array_length(i.fields) = 0 THEN i.fields ELSE (
        SELECT json_agg(CASE WHEN c.value IS NULL THEN f.value ELSE (f.value::jsonb || jsonb_build_object('chosen', c.value))::json END ORDER BY f.n)
        FROM json_array_elements(i.fields) WITH ORDINALITY AS f(value, n)
        LEFT JOIN json_each_text($7::json) AS c ON c.key = f.value ->> 'name') END
WHERE i.connection_id = $1::integer AND i.id = $2::bigint AND ($3 = '' OR i.state = $3)
