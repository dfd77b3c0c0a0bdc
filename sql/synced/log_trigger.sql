CREATE TRIGGER tlog_insert_trigger AFTER INSERT ON :"schema"._trigger_log
    FOR EACH ROW EXECUTE FUNCTION :"schema".tlog_notify_trigger();
