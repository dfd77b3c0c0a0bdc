"""The load: what is in the org is in the table, whatever happens meanwhile."""

import threading
import time

import wait
from compare import same
from mappings import ACCOUNT, CONTACT, account
from world import World


def test_tables_of_heroku_connect_filled():
    with World(keys=("Account", "Contact")) as world:
        world.org.generate("Account", 1500, seed=7)
        world.org.generate("Contact", 2500, seed=8)
        world.start({**ACCOUNT, **CONTACT})
        same(world, "Account")
        same(world, "Contact")
        assert world.db.value("SELECT count(*) FROM salesforce.account") == "1500"
        assert world.db.value("SELECT count(*) FROM salesforce.account WHERE _hc_lastop <> 'SYNCED'") == "0"
        types = {row["column_name"]: row["data_type"] for row in world.db.rows(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'salesforce' AND table_name = 'account'")}
        assert types["numberofemployees"] == "integer" and types["annualrevenue"] == "double precision", types
        assert types["createddate"] == "timestamp without time zone" and types["id"] == "integer", types
        indexes = {row["indexname"] for row in world.db.rows("SELECT indexname FROM pg_indexes WHERE tablename = 'account'")}
        assert {"account_pkey", "hcu_idx_account_sfid", "hc_idx_account_systemmodstamp", "hcu_idx_account_duet_key__c"} <= indexes, indexes
        assert world.log_rows() == [], "a load must not be captured as an app's change"


def test_empty_object():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        assert world.db.value("SELECT count(*) FROM salesforce.account") == "0"
        sfid, = world.org.insert("Account", {"Name": "first"})
        wait.until("the row", lambda: world.row("account", sfid))


def test_edits_during_the_load():
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 20_000, seed=3)
        ids = sorted(world.org.living("Account"))
        stop = threading.Event()
        edits = []

        def edit():
            while not stop.is_set():
                at = len(edits)
                world.org.update("Account", {"Id": ids[at * 37 % 10_000], "Phone": f"load {at}"})
                if at % 10 == 0:
                    world.org.insert("Account", {"Name": f"made {at}"})
                if at % 25 == 5:
                    world.org.delete("Account", ids[-1 - at])
                edits.append(at)
                time.sleep(0.005)

        world.duet.start()
        editor = threading.Thread(target=edit)
        editor.start()
        try:
            world.duet.load(ACCOUNT)
        finally:
            stop.set()
            editor.join()
        assert len(edits) > 20, "the load was over before anybody could edit"
        same(world, "Account", seconds=30)


def test_killed_in_the_middle():
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 30_000, seed=4)
        world.duet.start()
        world.duet.command("import", world.duet.write_mapping(ACCOUNT))
        wait.until("the load on its way", lambda: world.duet.mapping_status("Account")["state"] != "created")
        for _ in range(3):
            time.sleep(0.3)
            world.duet.kill9()
            world.duet.start()
        wait.equal("state", "loaded", lambda: world.duet.mapping_status("Account")["state"], 120)
        same(world, "Account", seconds=30)
        assert world.log_rows() == []


def test_added_field_keeps_ids_and_rows_visible():
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 3000, seed=5)
        fields = [name for name in ACCOUNT["Account"]["fields"] if name != "Website"]
        world.start(account(fields=fields))
        before = world.db.rows("SELECT id, sfid FROM salesforce.account ORDER BY id")
        stop = threading.Event()
        counts = set()
        reader_session = world.session()

        def read():
            while not stop.is_set():
                counts.add(reader_session.value("SELECT count(*) FROM salesforce.account"))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            world.duet.load(ACCOUNT)
        finally:
            stop.set()
            reader.join()
        assert counts == {"3000"}, counts
        assert world.db.rows("SELECT id, sfid FROM salesforce.account ORDER BY id") == before
        same(world, "Account", seconds=30)
        assert int(world.db.value("SELECT count(website) FROM salesforce.account")) > 0


def test_the_same_file_again_changes_nothing():
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 200, seed=6)
        world.start(ACCOUNT)
        before = world.db.rows("SELECT *, xmin FROM salesforce.account ORDER BY id")
        world.duet.load(ACCOUNT)
        assert world.db.rows("SELECT *, xmin FROM salesforce.account ORDER BY id") == before


def test_unsent_changes_survive_a_reload():
    with World(keys=("Account",)) as world:
        fields = [name for name in ACCOUNT["Account"]["fields"] if name != "Website"]
        sfid, = world.org.insert("Account", {"Name": "a", "Phone": "old", "Website": "w"})
        world.start(account(fields=fields))
        world.pause(outbound=True)
        world.db.rows("UPDATE salesforce.account SET phone = 'mine' WHERE sfid = $1", sfid)
        world.duet.load(ACCOUNT)
        wait.equal("website", "w", lambda: world.row("account", sfid)["website"])
        assert world.row("account", sfid)["phone"] == "mine"
        world.resume()
        wait.equal("Phone in the org", "mine", lambda: world.org.record("Account", sfid)["Phone"])
        world.settle()
