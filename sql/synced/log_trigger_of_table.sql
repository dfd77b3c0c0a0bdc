CREATE TRIGGER :"log_trigger" AFTER INSERT OR DELETE OR UPDATE ON :"schema".:"table"
    FOR EACH ROW WHEN ((public.get_xmlbinary())::text = 'base64'::text) EXECUTE FUNCTION :"schema".:"logger"();
