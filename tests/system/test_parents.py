"""Children that name their parent by its external id: parents first, and a child waits only for its own parent."""

import wait
from compare import same
from mappings import ACCOUNT, CONTACT
from world import World

CHILD = {"Contact": {**CONTACT["Contact"], "fields": CONTACT["Contact"]["fields"] + ["Account.Duet_Key__c"]}}
REFUSE = {"type": "validation", "object": "Account", "when": {"Phone": "refuse"},
          "message": "not this phone"}


def family(world, key, phone, children=1):
    """Parent and children in one transaction."""
    world.db.run("BEGIN")
    world.db.rows("INSERT INTO salesforce.account (name, phone, duet_key__c) VALUES ($1, $2, $1)", key, phone)
    for n in range(children):
        world.db.rows("INSERT INTO salesforce.contact (lastname, account__duet_key__c) VALUES ($1, $2)", f"{key}-{n}", key)
    world.db.run("COMMIT")


def children_of(world, key):
    parent = next((sfid for sfid, record in world.org.living("Account").items() if record.get("Duet_Key__c") == key), None)
    return sorted(record["LastName"] for record in world.org.living("Contact").values()
                  if parent and record.get("AccountId") == parent)


def test_parent_and_child_in_one_transaction():
    with World(keys=("Account", "Contact")) as world:
        world.start({**ACCOUNT, **CHILD})
        family(world, "P-1", "1", children=3)
        wait.equal("children in the org", ["P-1-0", "P-1-1", "P-1-2"], lambda: children_of(world, "P-1"))
        world.settle()
        rows = world.db.rows("SELECT accountid, account__duet_key__c FROM salesforce.contact")
        parent = world.db.value("SELECT sfid FROM salesforce.account")
        assert [(row["accountid"], row["account__duet_key__c"]) for row in rows] == [(parent, "P-1")] * 3, rows
        assert world.duet.api("/api/v1/issues?state=open")["issues"] == []


def test_lesson_8_child_waits_for_its_rejected_parent():
    with World(keys=("Account", "Contact")) as world:
        world.start({**ACCOUNT, **CHILD})
        world.org.kept("POST", "/orgsim/rules", REFUSE)
        family(world, "P-bad", "refuse", children=2)
        family(world, "P-good", "1")
        wait.equal("children of the other parent", ["P-good-0"], lambda: children_of(world, "P-good"))
        waiting = wait.until("the children's issues", lambda: [
            issue for issue in world.duet.api("/api/v1/issues?state=open&object=Contact")["issues"]])
        assert all("waits for its parent" in issue["message"] for issue in waiting), waiting
        world.db.rows("UPDATE salesforce.account SET phone = '2' WHERE duet_key__c = 'P-bad'")
        wait.equal("children of the parent that was mended", ["P-bad-0", "P-bad-1"], lambda: children_of(world, "P-bad"))
        world.settle()
        assert world.duet.api("/api/v1/issues?state=open&object=Contact")["issues"] == []
        assert len(world.org.living("Account")) == 2 and len(world.org.living("Contact")) == 3


def test_parent_changes_on_both_sides():
    with World(keys=("Account", "Contact")) as world:
        one, two = world.org.insert("Account", {"Name": "one", "Duet_Key__c": "K-1"}, {"Name": "two", "Duet_Key__c": "K-2"})
        child, = world.org.insert("Contact", {"LastName": "child", "AccountId": one})
        world.start({**ACCOUNT, **CHILD})
        assert world.row("contact", child)["account__duet_key__c"] == "K-1"
        world.org.update("Contact", {"Id": child, "AccountId": two})
        wait.equal("the parent's key", "K-2", lambda: world.row("contact", child)["account__duet_key__c"])
        world.db.rows("UPDATE salesforce.contact SET account__duet_key__c = 'K-1'")
        wait.equal("AccountId in the org", one, lambda: world.org.record("Contact", child)["AccountId"])
        world.settle()
        assert world.row("contact", child)["accountid"] == one
        world.db.rows("UPDATE salesforce.contact SET account__duet_key__c = NULL")
        wait.equal("AccountId in the org", None, lambda: world.org.record("Contact", child)["AccountId"])
        world.settle()
        row = world.row("contact", child)
        assert (row["accountid"], row["account__duet_key__c"]) == (None, None), row
        same(world, "Account")


def test_children_go_before_their_parents():
    with World(keys=("Account", "Contact")) as world:
        world.start({**ACCOUNT, **CHILD})
        for n in range(5):
            family(world, f"P-{n}", "1", children=4)
        wait.equal("contacts in the org", 20, lambda: len(world.org.living("Contact")))
        world.settle()
        world.db.run("BEGIN")
        world.db.rows("DELETE FROM salesforce.account")
        world.db.rows("DELETE FROM salesforce.contact")
        world.db.run("COMMIT")
        wait.equal("accounts in the org", 0, lambda: len(world.org.living("Account")))
        world.settle()
        assert world.org.living("Contact") == {}
        assert world.duet.api("/api/v1/issues?state=open")["issues"] == []
