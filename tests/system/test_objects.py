"""Other kinds of mappings: custom objects, objects without change events, read-only ones; pause and resume."""

import wait
from compare import same
from mappings import ACCOUNT, account
from org import KEY_FIELD
from world import World

THING_FIELDS = [KEY_FIELD, {"name": "Amount__c", "type": "double", "precision": 16, "scale": 2}, {"name": "Done__c", "type": "boolean"}]
THING = {"Thing__c": {"fields": ["Name", "Amount__c", "Done__c", "CreatedDate", "Duet_Key__c"], "access": "read_write", "upsert": "Duet_Key__c"}}


def both_ways(world):
    theirs, = world.org.insert("Thing__c", {"Name": "theirs", "Amount__c": 1.5})
    wait.until("the row", lambda: world.row("thing__c", theirs))
    row_id = world.db.value("INSERT INTO salesforce.thing__c (name, amount__c, done__c) VALUES ('mine', 2.25, true) RETURNING id")
    mine = wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.thing__c WHERE id = $1", row_id))
    world.db.rows("UPDATE salesforce.thing__c SET amount__c = 7 WHERE sfid = $1", theirs)
    world.org.update("Thing__c", {"Id": mine, "Done__c": False})
    wait.equal("Amount__c", 7.0, lambda: world.org.record("Thing__c", theirs)["Amount__c"])
    wait.equal("done__c", "f", lambda: world.row("thing__c", mine)["done__c"])
    world.org.delete("Thing__c", theirs)
    world.db.rows("DELETE FROM salesforce.thing__c WHERE id = $1", row_id)
    wait.until("both gone", lambda: not world.org.living("Thing__c") and not world.db.rows("SELECT 1 FROM salesforce.thing__c"))
    world.settle()


def test_custom_object():
    with World() as world:
        world.org.add_fields("Thing__c", *THING_FIELDS)
        world.start(THING)
        assert world.duet.mapping_status("Thing__c")["source"] == "events"
        both_ways(world)


def test_object_without_change_events():
    with World(engine={"poll_seconds": 1}) as world:
        world.org.add_fields("Thing__c", *THING_FIELDS, cdc=False)
        world.duet.start()
        said = world.duet.load(THING)
        assert "poll" in said, said
        status = world.duet.mapping_status("Thing__c")
        assert status["source"] == "poll" and status["source_reason"], status
        both_ways(world)


def test_poll_finds_what_a_restart_missed():
    with World(engine={"poll_seconds": 1}) as world:
        world.org.add_fields("Thing__c", *THING_FIELDS, cdc=False)
        ids = world.org.insert("Thing__c", *[{"Name": f"t{n}", "Amount__c": n} for n in range(150)])
        world.start(THING)
        world.duet.kill9()
        world.org.update("Thing__c", *[{"Id": one, "Amount__c": 1000} for one in ids[:100]])
        world.org.delete("Thing__c", *ids[100:120])
        world.duet.start()
        same(world, "Thing__c", seconds=30)


def test_poll_conflict_is_journalled():
    with World(engine={"poll_seconds": 1}) as world:
        world.org.add_fields("Thing__c", *THING_FIELDS, cdc=False)
        sfid, = world.org.insert("Thing__c", {"Name": "base"})
        world.start(THING)
        world.pause()
        world.db.rows("UPDATE salesforce.thing__c SET name = 'sql' WHERE sfid = $1", sfid)
        world.org.update("Thing__c", {"Id": sfid, "Name": "org"})
        world.resume()
        world.settle()
        kept = world.org.record("Thing__c", sfid)["Name"]
        assert world.row("thing__c", sfid)["name"] == kept
        entries = world.duet.api("/api/v1/journal?object=Thing__c")["entries"]
        assert [entry["lost"] for entry in entries] == [({"sql", "org"} - {kept}).pop()], entries


def test_read_only_mapping():
    with World() as world:
        sfid, = world.org.insert("Account", {"Name": "a", "Phone": "1"})
        fields = [name for name in ACCOUNT["Account"]["fields"] if name != "Duet_Key__c"]
        world.start({"Account": {"fields": fields, "access": "read_only"}})
        world.db.rows("UPDATE salesforce.account SET phone = 'mine' WHERE sfid = $1", sfid)
        world.db.rows("INSERT INTO salesforce.account (name) VALUES ('mine')")
        world.org.update("Account", {"Id": sfid, "Fax": "2"})
        wait.equal("fax", "2", lambda: world.row("account", sfid)["fax"])
        assert world.log_states() == ["READONLY", "READONLY"]
        assert len(world.org.history("Account", sfid)) == 2 and len(world.org.living("Account")) == 1


def test_pause_and_resume():
    with World(keys=("Account",)) as world:
        sfid, = world.org.insert("Account", {"Name": "a"})
        world.start(ACCOUNT)
        world.pause(outbound=True)
        world.db.rows("UPDATE salesforce.account SET phone = 'waits' WHERE sfid = $1", sfid)
        world.org.update("Account", {"Id": sfid, "Fax": "comes"})
        wait.equal("fax", "comes", lambda: world.row("account", sfid)["fax"])
        assert world.org.record("Account", sfid)["Phone"] is None and world.log_states()[0] in ("NEW", "PENDING")
        wait.equal("pending", 1, lambda: world.duet.mapping_status("Account")["pending"])
        assert world.duet.stop() == 0
        world.duet.start()
        assert world.duet.status()["paused"] == "outbound", "a pause outlives a restart"
        world.resume()
        wait.equal("Phone", "waits", lambda: world.org.record("Account", sfid)["Phone"])
        world.settle()


def test_mapping_without_a_key_is_named():
    with World() as world:
        world.duet.start()
        fields = [name for name in ACCOUNT["Account"]["fields"] if name != "Duet_Key__c"]
        said = world.duet.load({"Account": {"fields": fields, "access": "read_write"}})
        assert "duplicate" in said and "upsert" in said, said
        row_id = world.db.value("INSERT INTO salesforce.account (name) VALUES ('no key') RETURNING id")
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", row_id))
        world.settle()
        same(world, "Account")
        assert len(world.org.living("Account")) == 1


KEYLESS = {"Account": {"fields": [name for name in ACCOUNT["Account"]["fields"] if name != "Duet_Key__c"], "access": "read_write"}}


def test_creates_without_a_key_are_settled_by_evidence():
    # Events come before answers, and answers are lost.
    with World(org={"event_delay_ms": 0}) as world:
        world.start(KEYLESS)
        for method in ("POST", "PATCH"):
            world.org.fault(method=method, path_prefix="/services/data/", action="commit_then_drop", probability=0.3)
            world.org.fault(method=method, path_prefix="/services/data/", action="delay", delay_ms=150, probability=0.5)
        for part in range(10):
            world.db.rows("INSERT INTO salesforce.account (name, phone) SELECT 'n' || n % 7, $1 FROM generate_series(1, 6) n", part)
        world.db.rows("INSERT INTO salesforce.account (name) VALUES ('alone')")
        wait.equal("rows without an Id", "0", lambda: world.db.value("SELECT count(*) FROM salesforce.account WHERE sfid IS NULL"), 90)
        world.settle(90)
        assert len(world.org.living("Account")) == 61, len(world.org.living("Account"))
        assert world.db.value("SELECT count(*) FROM salesforce.account") == "61"
        same(world, "Account")


def test_a_lost_create_without_a_key_and_without_events_is_found():
    with World(org={"event_delay_ms": 0}) as world:
        world.start(KEYLESS)
        world.org.fault(event="drop", object="Account", count=1)
        world.org.fault(method="POST", path_prefix="/services/data/", action="commit_then_drop", count=1)
        world.db.rows("INSERT INTO salesforce.account (name, phone) VALUES ('lost', '1')")
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account"), 60)
        world.settle()
        assert len(world.org.living("Account")) == 1
        same(world, "Account")


def test_a_mapping_added_while_serving():
    with World(keys=("Account", "Contact")) as world:
        world.org.generate("Contact", 50)
        world.start(account())
        sfid, = world.org.insert("Account", {"Name": "before"})
        wait.until("the row", lambda: world.row("account", sfid))
        world.duet.load({"Contact": {"fields": ["LastName", "Email", "Duet_Key__c"], "access": "read_write", "upsert": "Duet_Key__c"}})
        same(world, "Contact", seconds=30)
        same(world, "Account", seconds=30)
        world.db.rows("UPDATE salesforce.contact SET email = 'x@example.com'")
        wait.equal("emails", {"x@example.com"}, lambda: {one["Email"] for one in world.org.living("Contact").values()})
        world.settle()
