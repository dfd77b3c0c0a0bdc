"""Ordered mappings: every captured change is a write of its own, in order, and a failed insert holds only its own record."""

import wait
from compare import same
from mappings import account
from world import World


def phones(world, sfid):
    return [version["fields"]["Phone"]["new"] for version in world.org.history("Account", sfid) if "Phone" in version["fields"]]


def test_every_change_is_a_write_of_its_own():
    with World(keys=("Account",)) as world:
        world.start(account(ordered=True))
        world.pause(outbound=True)
        ids = [world.db.value("INSERT INTO salesforce.account (name, phone) VALUES ($1, '0') RETURNING id", f"a{n}") for n in range(5)]
        for step in range(1, 6):
            world.db.rows("UPDATE salesforce.account SET phone = $1", str(step))
        world.resume()
        world.settle(120)
        for row_id in ids:
            sfid = world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", row_id)
            assert phones(world, sfid) == ["0", "1", "2", "3", "4", "5"], phones(world, sfid)
        assert set(world.log_states()) == {"SUCCESS"}, world.log_states()
        same(world, "Account")


def test_a_failed_insert_holds_only_its_own_record():
    with World(keys=("Account",)) as world:
        world.start(account(ordered=True))
        world.org.kept("POST", "/orgsim/rules", {"type": "validation", "object": "Account",
                                                 "when": {"Name": "refused"}, "message": "not this name"})
        world.pause(outbound=True)
        bad = world.db.value("INSERT INTO salesforce.account (name) VALUES ('refused') RETURNING id")
        good = world.db.value("INSERT INTO salesforce.account (name) VALUES ('fine') RETURNING id")
        for row_id in (bad, good):
            world.db.rows("UPDATE salesforce.account SET phone = '1' WHERE id = $1", row_id)
        world.resume()
        sfid = wait.until("the other's Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", good))
        wait.equal("Phone in the org", "1", lambda: world.org.record("Account", sfid)["Phone"])
        issue = wait.until("an issue", lambda: world.duet.api("/api/v1/issues?state=open")["issues"])[0]
        assert issue["kind"] == "rejected" and str(issue["record_id"]) == bad, issue
        row = world.db.row("SELECT sfid, _hc_lastop, _hc_err FROM salesforce.account WHERE id = $1", bad)
        assert row["sfid"] is None and row["_hc_lastop"] == "FAILED" and "not this name" in row["_hc_err"], row
        states = {(entry["record_id"], entry["action"]): entry["state"] for entry in world.log_rows()}
        assert states[(bad, "UPDATE")] == "PENDING", "the later change waits behind its insert"
