"""Acceptance scenario 13: calculated columns, of which no change event tells, follow the org."""

import wait
from mappings import ACCOUNT, CONTACT
from org import KEY_FIELD
from orgsim import API
from world import World

CARD = {"name": "Card__c", "type": "string", "formula": 'LastName & " of " & Account.Name'}
SHOUT = {"name": "Shout__c", "type": "string", "formula": "UPPER(LastName)"}
FORMULAS = {"Contact": {**CONTACT["Contact"], "fields": CONTACT["Contact"]["fields"] + ["Card__c", "Shout__c"]}}
COLUMNS = ("Card__c", "Shout__c")


def in_org(world, object_name="Contact", columns=COLUMNS):
    """What the org computes, by its own API."""
    path = f"{API}/query?q=SELECT+Id,{','.join(columns)}+FROM+{object_name}"
    found = {}
    while path:
        page = world.org.call("GET", path)
        found |= {row["Id"]: tuple(row[column] for column in columns) for row in page["records"]}
        path = page.get("nextRecordsUrl")
    return found


def in_table(world, object_name="Contact", columns=COLUMNS):
    rows = world.db.rows(f"SELECT sfid, {', '.join(columns)} FROM salesforce.{object_name.lower()} WHERE sfid IS NOT NULL")
    return {row["sfid"]: tuple(row[column.lower()] for column in columns) for row in rows}


def same_formulas(world, seconds=20):
    wait.until("calculated columns as the org has them", lambda: in_table(world) == in_org(world) and in_org(world), seconds)
    return in_org(world)


def stale(world):
    return world.db.value("SELECT count(*)::text FROM duet.stale")


def test_lesson_13_formula_depends_on_a_changed_parent():
    with World(keys=("Account", "Contact")) as world:
        world.org.add_fields("Contact", CARD, SHOUT)
        one, two = world.org.insert("Account", {"Name": "one"}, {"Name": "two"})
        ids = world.org.insert("Contact", *[{"LastName": f"c{n}", "AccountId": one if n % 2 else two} for n in range(50)])
        world.start({**ACCOUNT, **FORMULAS})
        assert same_formulas(world)[ids[1]] == ("c1 of one", "C1")

        world.org.update("Account", {"Id": one, "Name": "first"})
        wait.equal("the formula over the parent", "c1 of first", lambda: world.row("contact", ids[1])["card__c"])
        world.db.rows("UPDATE salesforce.account SET name = 'second' WHERE sfid = $1", two)
        wait.equal("the formula over the parent", "c2 of second", lambda: world.row("contact", ids[2])["card__c"])
        same_formulas(world)

        world.org.update("Contact", {"Id": ids[3], "LastName": "theirs", "AccountId": two})
        world.db.rows("UPDATE salesforce.contact SET lastname = 'mine' WHERE sfid = $1", ids[4])
        wait.equal("both formulas", ("theirs of second", "THEIRS"), lambda: in_table(world)[ids[3]])
        wait.equal("both formulas", ("mine of second", "MINE"), lambda: in_table(world)[ids[4]])
        new, = world.org.insert("Contact", {"LastName": "new", "AccountId": one})
        world.db.rows("INSERT INTO salesforce.contact (lastname, accountid) VALUES ('born here', $1)", one)
        wait.equal("rows", 52, lambda: len(in_table(world)))
        wait.equal("formulas of a new record", ("new of first", "NEW"), lambda: in_table(world)[new])
        assert ("born here of first", "BORN HERE") in same_formulas(world).values()
        world.settle()
        wait.equal("marks", "0", lambda: stale(world))
        assert world.duet.mapping_status("Contact")["stale"] == 0
        assert world.duet.api("/api/v1/issues?state=open")["issues"] == []


def test_lesson_13_a_rename_costs_few_calls():
    with World(keys=("Account", "Contact")) as world:
        world.org.add_fields("Contact", CARD, SHOUT)
        parent, = world.org.insert("Account", {"Name": "one"})
        for at in range(0, 2_400, 200):
            world.org.insert("Contact", *[{"LastName": f"c{at + n}", "AccountId": parent} for n in range(200)])
        world.start({**ACCOUNT, **FORMULAS})
        same_formulas(world)
        before = world.duet.status()["api_usage"]["used"]
        world.org.update("Account", {"Id": parent, "Phone": "not named"})
        world.org.update("Account", {"Id": parent, "Name": "two"})
        world.org.update("Account", {"Id": parent, "Name": "three"})
        wait.equal("rows of the old name", "0", lambda: world.db.value(
            "SELECT count(*)::text FROM salesforce.contact WHERE card__c NOT LIKE '% of three'"))
        used = world.duet.status()["api_usage"]["used"] - before
        assert used < 40, f"{used} calls for 2,400 children"


def test_lesson_13_roll_up_of_a_master():
    with World() as world:
        world.org.add_fields("Order__c", KEY_FIELD, {"name": "Total__c", "type": "double", "precision": 18, "scale": 2, "calculated": True})
        world.org.add_fields("Line__c", KEY_FIELD, {"name": "Price__c", "type": "double", "precision": 16, "scale": 2},
                             {"name": "Order__c", "type": "reference", "referenceTo": ["Order__c"], "relationshipName": "Order__r", "masterDetail": True})
        world.org.kept("POST", "/orgsim/rules", {"type": "rollup", "object": "Order__c", "field": "Total__c", "child": "Line__c",
                                                 "reference": "Order__c", "function": "sum", "source": "Price__c"})
        one, two = world.org.insert("Order__c", {"Name": "one"}, {"Name": "two"})
        line, = world.org.insert("Line__c", {"Price__c": 3, "Order__c": one})
        world.start({"Order__c": {"fields": ["Name", "Total__c", "Duet_Key__c"], "access": "read_only"},
                     "Line__c": {"fields": ["Name", "Price__c", "Order__c", "Duet_Key__c"], "access": "read_write", "upsert": "Duet_Key__c"}})

        def totals():
            return {sfid: float(total or 0) for sfid, (total,) in in_table(world, "Order__c", ("Total__c",)).items()}

        wait.equal("totals", {one: 3.0, two: 0.0}, totals)
        world.org.update("Line__c", {"Id": line, "Price__c": 4})
        wait.equal("totals", {one: 4.0, two: 0.0}, totals)
        world.db.rows("INSERT INTO salesforce.line__c (price__c, order__c) VALUES (2.5, $1)", two)
        wait.equal("totals", {one: 4.0, two: 2.5}, totals)
        world.org.delete("Line__c", line)
        wait.equal("totals", {one: 0.0, two: 2.5}, totals)


def test_lesson_13_what_cannot_be_followed_is_said():
    with World(keys=("Account", "Contact")) as world:
        world.org.add_fields("Contact", CARD, {"name": "Age__c", "type": "double", "precision": 18, "scale": 0, "formula": "TODAY() - Birthdate"})
        world.duet.start()
        said = world.duet.load({"Contact": {**CONTACT["Contact"], "fields": CONTACT["Contact"]["fields"] + ["Card__c", "Age__c"]}})
        assert "Card__c: its formula names Account.Name" in said and "Age__c: its formula reads the clock" in said, said
        found = world.duet.command("doctor").stdout
        assert "Card__c: its formula names Account.Name" in found and "Age__c: its formula reads the clock" in found, found
