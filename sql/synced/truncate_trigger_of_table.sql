CREATE TRIGGER :"truncate_trigger" BEFORE TRUNCATE ON :"schema".:"table"
    FOR EACH STATEMENT WHEN ((public.get_xmlbinary())::text = 'base64'::text) EXECUTE FUNCTION :"schema".:"truncator"();
