CREATE TRIGGER :"status_trigger" BEFORE INSERT OR UPDATE ON :"schema".:"table"
    FOR EACH ROW EXECUTE FUNCTION :"schema".:"status"();
