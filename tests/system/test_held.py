"""The mass-change breaker: more deletes than the limit wait for a person, and nothing else waits with them."""

import wait
from compare import same
from mappings import ACCOUNT
from world import World

ROWS = 60
LIMIT = 20


def a_world():
    return World(keys=("Account",), engine={"max_deletes": LIMIT, "delete_window_ms": 600_000})


def start(world):
    world.org.insert("Account", *({"Name": f"a{n}"} for n in range(ROWS)))
    world.start(ACCOUNT)


def tripped(world):
    return wait.until("the breaker's issue", lambda: [issue for issue in world.duet.api("/api/v1/issues?state=open")["issues"]
                                                      if issue["kind"] == "breaker"])[0]


def held(world):
    return int(world.db.value("SELECT count(*) FROM duet.lane WHERE parked AND state ->> 'parked' = 'MASS_DELETE'"))


def decide(world, state):
    world.duet.post(f"/api/v1/issues/{tripped(world)['id']}/{'retry' if state == 'approved' else 'revert'}")


def test_mass_delete_is_held_and_approved():
    with a_world() as world:
        start(world)
        world.db.rows("DELETE FROM salesforce.account")
        issue = tripped(world)
        assert issue["code"] == "MASS_DELETE" and issue["object"] == "Account", issue
        wait.equal("held deletes", ROWS, lambda: held(world))
        assert len(world.org.living("Account")) == ROWS, "not one may be deleted in the org"
        new = world.db.value("INSERT INTO salesforce.account (name) VALUES ('not held') RETURNING id")
        wait.until("other changes going out", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", new))
        decide(world, "approved")
        wait.equal("records in the org", 1, lambda: len(world.org.living("Account")))
        world.settle()
        wait.equal("open issues", [], lambda: world.duet.api("/api/v1/issues?state=open")["issues"])
        assert world.db.value("SELECT state FROM duet.breaker") == "closed"


def test_truncate_is_held_and_discarded():
    with a_world() as world:
        start(world)
        before = world.db.rows("SELECT id, sfid, name FROM salesforce.account ORDER BY id")
        edited = before[5]["sfid"]
        world.db.run("TRUNCATE salesforce.account")
        tripped(world)
        wait.equal("held deletes", ROWS, lambda: held(world))
        world.duet.kill9()
        world.duet.start()
        assert len(world.org.living("Account")) == ROWS, "a restart must not let them through"
        decide(world, "discarded")
        wait.equal("rows in the table", ROWS, lambda: int(world.db.value("SELECT count(*) FROM salesforce.account")))
        world.settle()
        assert world.db.rows("SELECT id, sfid, name FROM salesforce.account ORDER BY id") == before, "under their old ids"
        world.org.update("Account", {"Id": edited, "Phone": "42"})
        wait.equal("Phone", "42", lambda: world.row("account", edited)["phone"])
        world.settle()
        same(world, "Account")


def test_few_deletes_go_out_and_the_window_counts():
    with a_world() as world:
        start(world)
        world.db.rows(f"DELETE FROM salesforce.account WHERE id IN (SELECT id FROM salesforce.account ORDER BY id LIMIT {LIMIT})")
        wait.equal("records in the org", ROWS - LIMIT, lambda: len(world.org.living("Account")))
        world.settle()
        world.db.rows("DELETE FROM salesforce.account WHERE id = (SELECT min(id) FROM salesforce.account)")
        tripped(world)
        wait.equal("held deletes", 1, lambda: held(world))
        assert len(world.org.living("Account")) == ROWS - LIMIT
