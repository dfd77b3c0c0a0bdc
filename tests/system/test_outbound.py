"""Postgres → Salesforce: what SQL commits is in the org, with Heroku Connect's states on the way."""

import json

import wait
from compare import same
from mappings import ACCOUNT, CONTACT
from world import World

WATCH_LAST_OP = """
    CREATE TABLE public.last_ops (seq serial, txid bigint DEFAULT txid_current(), row_id integer, op text, sfid text);
    CREATE FUNCTION public.note_last_op() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.last_ops (row_id, op, sfid) VALUES (NEW.id, NEW._hc_lastop, NEW.sfid);
        RETURN NULL;
    END $$;
    CREATE TRIGGER note_last_op AFTER INSERT OR UPDATE ON salesforce.account
        FOR EACH ROW EXECUTE FUNCTION public.note_last_op()"""


def steps(world, row_id):
    """What readers could see of the row's _hc_lastop over time, "+" where it had its Id; without repeats."""
    found = []
    for row in world.db.rows("SELECT DISTINCT ON (txid) seq, op || CASE WHEN sfid IS NULL THEN '' ELSE '+' END AS step "
                             "FROM public.last_ops WHERE row_id = $1 ORDER BY txid, seq DESC", row_id):
        if not found or found[-1] != row["step"]:
            found.append(row["step"])
    return found


def test_life_of_a_row():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.db.run(WATCH_LAST_OP)
        row_id = world.db.value("INSERT INTO salesforce.account (name, phone) VALUES ('Born in SQL', '1') RETURNING id")
        sfid = wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", row_id))
        world.settle()
        record = world.org.record("Account", sfid)
        assert (record["Name"], record["Phone"]) == ("Born in SQL", "1"), record
        row = world.row("account", sfid)
        assert row["duet_key__c"] and row["duet_key__c"] == record["Duet_Key__c"], "the row has a key of its own"
        assert row["_hc_lastop"] == "SYNCED" and row["_hc_err"] is None and row["systemmodstamp"] and row["createddate"], row
        assert steps(world, row_id) in (["PENDING", "INSERTED+", "SYNCED+"], ["PENDING", "SYNCED+"]), steps(world, row_id)

        world.db.rows("UPDATE salesforce.account SET phone = '2', website = 'w' WHERE id = $1", row_id)
        wait.equal("Phone in the org", "2", lambda: world.org.record("Account", sfid)["Phone"])
        world.settle()
        since = steps(world, row_id)[steps(world, row_id).index("SYNCED+") + 1:]
        assert since in (["PENDING+", "UPDATED+", "SYNCED+"], ["PENDING+", "SYNCED+"]), since
        world.db.rows("UPDATE salesforce.account SET phone = NULL WHERE id = $1", row_id)
        wait.equal("Phone in the org", None, lambda: world.org.record("Account", sfid)["Phone"])
        assert world.org.record("Account", sfid)["Website"] == "w"

        world.settle()
        world.db.rows("DELETE FROM salesforce.account WHERE id = $1", row_id)
        wait.until("the record gone", lambda: world.org.record("Account", sfid) is None)
        world.settle()
        assert world.log_states() == ["SUCCESS"] * 4, world.log_rows()
        assert [row["action"] for row in world.log_rows()] == ["INSERT", "UPDATE", "UPDATE", "DELETE"]
        versions = [version["changeType"] for version in world.org.history("Account", sfid)]
        assert versions == ["CREATE", "UPDATE", "UPDATE", "DELETE"], versions


def test_states_of_the_log():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.pause(outbound=True)
        row_id = world.db.value("INSERT INTO salesforce.account (name) VALUES ('merged') RETURNING id")
        for phone in ("1", "2", "3"):
            world.db.rows("UPDATE salesforce.account SET phone = $1 WHERE id = $2", phone, row_id)
        world.db.rows("UPDATE salesforce.account SET phone = '3' WHERE id = $1", row_id)
        gone = world.db.value("INSERT INTO salesforce.account (name) VALUES ('never') RETURNING id")
        world.db.rows("DELETE FROM salesforce.account WHERE id = $1", gone)
        assert world.log_states() == ["NEW"] * 4 + ["IGNORE", "NEW", "IGNORE"], world.log_rows()
        world.resume()
        sfid = wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", row_id))
        world.settle()
        record = world.org.record("Account", sfid)
        assert record["Phone"] == "3" and len(world.org.history("Account", sfid)) == 1, "one create carries all"
        states = world.log_states()
        assert "NEW" not in states and "PENDING" not in states, states
        assert set(states[:4]) <= {"SUCCESS", "MERGED"} and "SUCCESS" in states[:4] and "MERGED" in states[:4], states
        assert states[5] == "IGNORED", states
        names = [record["Name"] for record in world.org.living("Account").values()]
        assert "never" not in names, "a row that was deleted before it was sent must not appear in the org"


def test_many_rows_in_few_calls():
    with World(keys=("Account", "Contact")) as world:
        world.start({**ACCOUNT, **CONTACT})
        before = world.org.status()["api_calls"]
        world.db.rows("INSERT INTO salesforce.account (name, phone) SELECT 'bulk ' || n, n::text FROM generate_series(1, 1000) n")
        wait.equal("rows without an Id", "0", lambda: world.db.value("SELECT count(*) FROM salesforce.account WHERE sfid IS NULL"), 60)
        world.settle()
        assert len(world.org.living("Account")) == 1000
        after = world.org.status()["api_calls"]
        calls = sum(after.values()) - sum(before.values())
        assert calls <= 60, f"{calls} API calls for 1,000 rows: {json.dumps(after)}"
        same(world, "Account")
        world.db.rows("DELETE FROM salesforce.account WHERE phone::integer <= 500")
        wait.equal("records", 500, lambda: len(world.org.living("Account")), 60)
        world.settle()
        same(world, "Account")


def test_deleted_before_its_id_was_known():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.org.fault(method="PATCH", action="delay", delay_ms=700, count=1)
        world.org.fault(method="POST", path_prefix="/services/data/v62.0/composite", action="delay", delay_ms=700, count=1)
        row_id = world.db.value("INSERT INTO salesforce.account (name) VALUES ('short life') RETURNING id")
        wait.until("the create on its way", lambda: any(fault["fired"] or fault["seen"] for fault in fault_list(world)))
        world.db.rows("DELETE FROM salesforce.account WHERE id = $1", row_id)
        world.settle()
        assert world.org.living("Account") == {} and world.db.rows("SELECT * FROM salesforce.account") == []


def fault_list(world):
    answer = world.org.faults()
    return answer if isinstance(answer, list) else answer["faults"]


def test_a_key_of_the_apps_own():
    with World(keys=("Account",)) as world:
        theirs, = world.org.insert("Account", {"Name": "theirs", "Fax": "org", "Duet_Key__c": "K-1"})
        world.start(ACCOUNT)
        world.db.rows("INSERT INTO salesforce.account (name, duet_key__c) VALUES ('mine', 'K-2')")
        wait.until("K-2 in the org", lambda: any(record["Duet_Key__c"] == "K-2" for record in world.org.living("Account").values()))
        world.settle()
        assert len(world.org.living("Account")) == 2
        assert world.org.record("Account", theirs)["Name"] == "theirs"
        same(world, "Account")


def test_both_sides_insert_the_same_key():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.pause()
        theirs, = world.org.insert("Account", {"Name": "theirs", "Fax": "org", "Duet_Key__c": "K-1"})
        world.db.rows("INSERT INTO salesforce.account (name, phone, duet_key__c) VALUES ('mine', 'sql', 'K-1')")
        world.resume()
        wait.until("the Id", lambda: world.row("account", theirs))
        world.settle()
        record = world.org.record("Account", theirs)
        assert (record["Phone"], record["Fax"]) == ("sql", "org"), dict(record)
        same(world, "Account")
        assert len(world.org.living("Account")) == 1
        loser = ({"mine", "theirs"} - {record["Name"]}).pop()
        lost = [entry["lost"] for entry in world.duet.api("/api/v1/journal?object=Account")["entries"] if entry["field"] == "Name"]
        assert lost == [loser], lost


def test_engine_writes_are_not_captured():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.db.run("""
            CREATE TABLE public.from_org (sfid text);
            CREATE FUNCTION public.note_org() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO public.from_org VALUES (NEW.sfid);
                RETURN NULL;
            END $$;
            CREATE TRIGGER only_from_salesforce AFTER INSERT ON salesforce.account
                FOR EACH ROW WHEN (public.get_xmlbinary()::text <> 'base64'::text) EXECUTE FUNCTION public.note_org()""")
        world.db.rows("INSERT INTO salesforce.account (name) VALUES ('mine')")
        sfid, = world.org.insert("Account", {"Name": "theirs"})
        wait.until("the row", lambda: world.row("account", sfid))
        world.settle()
        assert world.db.rows("SELECT sfid FROM public.from_org") == [{"sfid": sfid}]
        assert [row["action"] for row in world.log_rows()] == ["INSERT"]
