"""Salesforce → Postgres: what people do in the org is in the table."""

import threading

import wait
from compare import same
from mappings import ACCOUNT, CONTACT
from world import World


def test_create_update_delete_undelete():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        sfid, = world.org.insert("Account", {"Name": "Ada & Söhne", "Phone": "1", "NumberOfEmployees": 12})
        row = wait.until("the row", lambda: world.row("account", sfid))
        assert (row["name"], row["phone"], row["numberofemployees"], row["_hc_lastop"]) == ("Ada & Söhne", "1", "12", "SYNCED"), row

        world.org.update("Account", {"Id": sfid, "Phone": "2", "NumberOfEmployees": None})
        wait.equal("phone", "2", lambda: world.row("account", sfid)["phone"])
        row = world.row("account", sfid)
        assert row["numberofemployees"] is None and row["name"] == "Ada & Söhne", row

        world.org.delete("Account", sfid)
        wait.until("the row gone", lambda: world.row("account", sfid) is None)
        world.org.undelete("Account", sfid)
        wait.equal("phone", "2", lambda: (world.row("account", sfid) or {}).get("phone"))
        assert world.log_rows() == []
        world.settle()
        same(world, "Account")


def test_values_of_every_kind():
    with World(keys=("Account", "Contact")) as world:
        world.org.add_fields(
            "Account", {"name": "Flag__c", "type": "boolean"}, {"name": "Day__c", "type": "date"},
            {"name": "At__c", "type": "datetime"}, {"name": "Amount__c", "type": "currency", "precision": 18, "scale": 2},
            {"name": "Share__c", "type": "percent", "precision": 5, "scale": 2},
            {"name": "Tags__c", "type": "multipicklist", "picklist": ["a", "b", "c"]},
            {"name": "Notes__c", "type": "textarea", "length": 32_000})
        fields = ACCOUNT["Account"]["fields"] + ["Flag__c", "Day__c", "At__c", "Amount__c", "Share__c", "Tags__c", "Notes__c"]
        world.start({"Account": {**ACCOUNT["Account"], "fields": fields}})
        values = {"Name": "quote \" back \\ slash, tab\u2009\U0001f680 Ωé", "Flag__c": True, "Day__c": "2024-02-29",
                  "At__c": "2024-12-31T23:59:58.000+0000", "Amount__c": 1234567.89, "Share__c": 12.5, "Tags__c": "a;c",
                  "Notes__c": "line one\nline two " + "x" * 20_000, "AnnualRevenue": 1e12, "Website": "https://example.com/?a=1&b=2"}
        sfid, = world.org.insert("Account", values)
        wait.until("the row", lambda: world.row("account", sfid))
        same(world, "Account")
        world.db.rows("INSERT INTO salesforce.account (name, flag__c, day__c, at__c, amount__c, share__c, tags__c, notes__c, annualrevenue, website) "
                      "SELECT name, flag__c, day__c, at__c, amount__c, share__c, tags__c, notes__c, annualrevenue, website "
                      "FROM salesforce.account WHERE sfid = $1", sfid)
        world.settle()
        made = world.db.value("SELECT sfid FROM salesforce.account WHERE sfid <> $1", sfid)
        assert made, world.db.rows("SELECT _hc_lastop, _hc_err FROM salesforce.account")
        same(world, "Account")
        ours, theirs = world.org.record("Account", made), world.org.record("Account", sfid)
        assert {name: ours[name] for name in values} == {name: theirs[name] for name in values}


def test_a_transaction_is_seen_whole():
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 60, seed=2)
        world.start(ACCOUNT)
        ids = list(world.org.living("Account"))
        world.org.update("Account", *[{"Id": one, "Phone": "round 0"} for one in ids])
        wait.equal("phones", "1", lambda: world.db.value("SELECT count(DISTINCT phone) FROM salesforce.account WHERE phone LIKE 'round%'"))
        wait.equal("rows", "60", lambda: world.db.value("SELECT count(*) FROM salesforce.account WHERE phone = 'round 0'"))
        stop = threading.Event()
        seen = set()
        reader_session = world.session()

        def read():
            while not stop.is_set():
                seen.add(reader_session.value("SELECT count(DISTINCT phone) FROM salesforce.account"))

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for turn in range(1, 21):
                world.org.update("Account", *[{"Id": one, "Phone": f"round {turn}"} for one in ids])
            wait.equal("rows", "60", lambda: world.db.value("SELECT count(*) FROM salesforce.account WHERE phone = 'round 20'"))
        finally:
            stop.set()
            reader.join()
        assert seen == {"1"}, f"a reader saw {seen} different values within one transaction"


def test_what_happened_while_duet_was_away():
    with World(keys=("Account", "Contact")) as world:
        world.org.generate("Account", 300, seed=9)
        world.start({**ACCOUNT, **CONTACT})
        assert world.duet.stop() == 0
        ids = sorted(world.org.living("Account"))
        for turn in range(3):
            world.org.update("Account", *[{"Id": one, "Phone": f"away {turn}", "Fax": f"{turn}"} for one in ids[:200]])
        world.org.delete("Account", *ids[:20])
        world.org.insert("Contact", *[{"LastName": f"c {n}", "AccountId": ids[50]} for n in range(150)])
        world.duet.start()
        same(world, "Account", seconds=30)
        same(world, "Contact", seconds=30)


def test_an_app_that_holds_a_row_lock_is_not_disturbed():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        first, second = world.org.insert("Account", {"Name": "held"}, {"Name": "free"})
        wait.until("both rows", lambda: world.row("account", first) and world.row("account", second))
        app = world.session()
        app.run("BEGIN")
        app.rows("UPDATE salesforce.account SET fax = 'app' WHERE sfid = $1", first)
        world.org.update("Account", {"Id": first, "Phone": "1"}, {"Id": second, "Phone": "2"})
        wait.equal("the other row's phone", "2", lambda: world.row("account", second)["phone"])
        app.run("COMMIT")
        wait.equal("the row", ("1", "app"), lambda: (world.row("account", first)["phone"], world.row("account", first)["fax"]))
        wait.equal("Fax in the org", "app", lambda: world.org.record("Account", first)["Fax"])
        world.settle()
        same(world, "Account")
