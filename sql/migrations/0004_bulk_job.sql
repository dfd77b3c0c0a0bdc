-- Bulk jobs whose results are still to be written. The row is committed before the job may run; the attempts of its records
-- carry its token.
CREATE TABLE duet.bulk_job (
    token text PRIMARY KEY,
    mapping_id bigint NOT NULL REFERENCES duet.mapping ON DELETE CASCADE,
    job_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('create', 'update', 'remove')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX bulk_job_mapping ON duet.bulk_job (mapping_id);
