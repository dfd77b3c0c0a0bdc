-- `base64` (the default) marks a session of the app, `hex` one of the engine (spec/heroku-connect.md §3.2). Apps' own triggers
-- call this function by this name.
CREATE OR REPLACE FUNCTION public.get_xmlbinary() RETURNS varchar
LANGUAGE sql STABLE PARALLEL SAFE AS
$body$ SELECT pg_catalog.current_setting('xmlbinary')::pg_catalog.varchar $body$;
