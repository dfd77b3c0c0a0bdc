"""One record's error is one record's: it is told, and nothing else waits for it."""

import json

import wait
from compare import same
from mappings import ACCOUNT
from world import World


def failed_row(world, row_id):
    row = world.db.row("SELECT _hc_lastop, _hc_err FROM salesforce.account WHERE id = $1", row_id)
    return row if row and row["_hc_lastop"] == "FAILED" else None


def test_one_bad_record_of_a_batch():
    with World(keys=("Account",)) as world:
        world.org.add_fields("Account", {"name": "Code__c", "type": "string", "length": 20, "unique": True})
        world.org.insert("Account", {"Name": "has the code", "Code__c": "TAKEN"})
        fields = ACCOUNT["Account"]["fields"] + ["Code__c"]
        world.start({"Account": {**ACCOUNT["Account"], "fields": fields}})
        ids = world.db.rows("INSERT INTO salesforce.account (name, code__c) SELECT 'row ' || n, CASE n WHEN 50 THEN 'TAKEN' ELSE 'c' || n END "
                            "FROM generate_series(1, 100) n RETURNING id")
        bad = ids[49]["id"]
        row = wait.until("the bad row FAILED", lambda: failed_row(world, bad))
        wait.equal("rows with an Id", "100", lambda: world.db.value("SELECT count(sfid) FROM salesforce.account"))
        assert "Code__c" in row["_hc_err"], row
        assert json.loads(row["_hc_err"])["code"], row
        log = world.db.row("SELECT state, sf_message FROM salesforce._trigger_log WHERE record_id = $1", bad)
        assert log["state"] == "FAILED" and "Code__c" in log["sf_message"], log
        issue, = world.duet.api("/api/v1/issues?state=open")["issues"]
        assert (issue["kind"], issue["object"], issue["record_id"]) == ("rejected", "Account", int(bad)), issue
        shown = world.duet.command("issues")
        assert shown.returncode == 1 and "rejected" in shown.stdout, shown.stdout

        world.db.rows("UPDATE salesforce.account SET code__c = 'FREE' WHERE id = $1", bad)
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", bad))
        world.settle()
        same(world, "Account")
        assert len(world.org.living("Account")) == 101


def test_required_field_missing():
    with World(keys=("Account",)) as world:
        sfid, = world.org.insert("Account", {"Name": "named", "Phone": "1"})
        world.start(ACCOUNT)
        nameless = world.db.value("INSERT INTO salesforce.account (phone) VALUES ('2') RETURNING id")
        world.db.rows("UPDATE salesforce.account SET name = NULL, phone = '9' WHERE sfid = $1", sfid)
        wait.until("the insert FAILED", lambda: failed_row(world, nameless))
        row = wait.until("the update FAILED", lambda: failed_row(world, world.row("account", sfid)["id"]))
        assert "Name" in row["_hc_err"], row
        good = world.db.value("INSERT INTO salesforce.account (name) VALUES ('good') RETURNING id")
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", good))
        lost = world.db.value("SELECT string_agg(lost::text, ' ') FROM duet.journal WHERE reason = 'rejected'")
        assert lost and "9" in lost, lost
        assert world.org.record("Account", sfid)["Name"] == "named"


def test_value_too_long():
    with World(keys=("Account",)) as world:
        sfid, = world.org.insert("Account", {"Name": "named"})
        world.start(ACCOUNT)
        world.db.run("ALTER TABLE salesforce.account ALTER COLUMN phone TYPE varchar(100)")
        world.db.rows("UPDATE salesforce.account SET phone = repeat('5', 60) WHERE sfid = $1", sfid)
        row = wait.until("FAILED", lambda: failed_row(world, world.row("account", sfid)["id"]))
        assert "Phone" in row["_hc_err"] and "55555" not in world.duet.log_text(), row
        world.org.update("Account", {"Id": sfid, "Fax": "1"})
        wait.equal("fax", "1", lambda: world.row("account", sfid)["fax"])


def test_retry_as_heroku_connect_users_do():
    with World(keys=("Account",)) as world:
        world.org.add_fields("Account", {"name": "Code__c", "type": "string", "length": 20, "unique": True})
        blocker, = world.org.insert("Account", {"Name": "has the code", "Code__c": "TAKEN"})
        world.start({"Account": {**ACCOUNT["Account"], "fields": ACCOUNT["Account"]["fields"] + ["Code__c"]}})
        row_id = world.db.value("INSERT INTO salesforce.account (name, code__c) VALUES ('waits', 'TAKEN') RETURNING id")
        wait.until("FAILED", lambda: failed_row(world, row_id))
        world.org.update("Account", {"Id": blocker, "Code__c": None})
        world.db.rows("UPDATE salesforce._trigger_log SET state = 'NEW' WHERE state = 'FAILED'")
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", row_id), 150)
        world.settle()
        same(world, "Account")


def test_a_row_that_the_database_refuses():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.db.run("ALTER TABLE salesforce.account ADD CONSTRAINT no_zero CHECK (phone <> '0')")
        bad, good = world.org.insert("Account", {"Name": "bad", "Phone": "0"}, {"Name": "good", "Phone": "1"})
        wait.until("the good row", lambda: world.row("account", good))
        assert world.row("account", bad) is None
        wait.until("an issue", lambda: [one for one in world.duet.api("/api/v1/issues?state=open")["issues"] if one["sfid"] == bad])
        world.org.update("Account", {"Id": bad, "Phone": "2"})
        wait.equal("phone", "2", lambda: (world.row("account", bad) or {}).get("phone"), 60)


def test_trigger_of_the_app_that_fails():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.db.run("""
            CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.name = 'refused' THEN RAISE EXCEPTION 'not this one'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON salesforce.account FOR EACH ROW EXECUTE FUNCTION public.refuse()""")
        world.org.insert("Account", {"Name": "refused"})
        good, = world.org.insert("Account", {"Name": "good"})
        wait.until("the good row", lambda: world.row("account", good))
        wait.until("an issue", lambda: world.duet.api("/api/v1/issues?state=open")["issues"])
