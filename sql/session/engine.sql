-- Design §6 "Engine sessions". Sequential scans are off because every statement of the store is meant for an index, and fresh
-- tables have no statistics that would say so; jit would compile what runs for microseconds.
SET xmlbinary = 'hex';
SET synchronous_commit = on;
SET lock_timeout = '200ms';
SET statement_timeout = '60s';
SET idle_in_transaction_session_timeout = '60s';
SET enable_seqscan = off;
SET jit = off;
-- Apps' triggers run in our sessions: what the database's search_path finds stays found, and so do get_xmlbinary() and hstore.
SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', NULLIF(pg_catalog.current_setting('search_path'), ''), 'public',
    (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname = 'hstore')), false);
