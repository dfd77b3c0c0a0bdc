"""Bad days while it runs: lost answers, refused connections, garbage, a stream that stops or lies, an org that is away."""

import time

import wait
from compare import same
from mappings import ACCOUNT
from verdict import judge
from versions import watch
from workload import ACCOUNT as WORKLOAD_ACCOUNT
from workload import Workload
from world import World

DATA = "/services/data/"
WRITES = ("POST", "PATCH", "DELETE")
SUBSCRIBE = "/eventbus.v1.PubSub/"
EDITS = 600


def inserts_and_updates(world, count=300):
    """As an application in a hurry: `count` rows are inserted, then changed."""
    world.db.rows("INSERT INTO salesforce.account (name, phone) SELECT 'n' || n, 'first' FROM generate_series(1, $1::integer) n", count)
    for part in range(5):
        world.db.rows("UPDATE salesforce.account SET phone = 'second ' || id WHERE id % 5 = $1", part)
        time.sleep(0.2)


def converges(world, count=300):
    world.settle(120)
    assert len(world.org.living("Account", "Id".__eq__)) == count
    same(world, "Account")


def one_in_twenty(action, **more):
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        for method in WRITES:
            world.org.fault(method=method, path_prefix=DATA, probability=0.05, action=action, **more)
        # Whatever luck says, one create and one update are hit.
        world.org.fault(method="POST", path_prefix=DATA, ordinal=1, action=action, **more)
        world.org.fault(method="PATCH", path_prefix=DATA, ordinal=1, action=action, **more)
        inserts_and_updates(world)
        converges(world)
        assert sum(fault["fired"] for fault in world.org.faults()["faults"]) > 0


def test_answers_lost_after_the_commit():
    one_in_twenty("commit_then_drop")


def test_connections_dropped_before():
    one_in_twenty("drop_before")


def test_service_unavailable():
    one_in_twenty("status", status=503, body=[{"errorCode": "SERVER_UNAVAILABLE", "message": "come again"}])


def test_garbage_instead_of_answers():
    one_in_twenty("status", status=200, content_type="text/html", body="<html>maintenance")


def test_answers_that_come_too_late():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.org.settings(commit_delay_ms=1500)
        world.org.fault(method="PATCH", path_prefix=DATA, probability=0.3, action="commit_then_drop")
        world.org.fault(method="POST", path_prefix=DATA, probability=0.3, action="commit_then_drop")
        inserts_and_updates(world, 40)
        world.org.settings(commit_delay_ms=0)
        world.org.clear_faults()
        converges(world, 40)


def test_everything_at_once():
    seed = 4711
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 2_000, seed=seed)
        world.start(WORKLOAD_ACCOUNT)
        watch(world.db, "account")
        for method in WRITES:
            for action, more in (("commit_then_drop", {}), ("drop_before", {}), ("reset", {}), ("status", {"status": 503})):
                world.org.fault(method=method, path_prefix=DATA, probability=0.02, action=action, **more)
        world.org.fault(method="GET", path_prefix=DATA, probability=0.05, action="status", status=500)
        work = Workload(world, sorted(world.org.living("Account", "Id".__eq__)), seed=seed, edits=EDITS, pause_seconds=0.03)
        work.start()
        work.join()
        world.org.clear_faults()
        world.settle(180)
        judge(world)


def test_a_stream_that_lies():
    seed = 4712
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 2_000, seed=seed)
        world.start(WORKLOAD_ACCOUNT)
        watch(world.db, "account")
        world.org.fault(event="duplicate", object="Account", probability=0.1)
        world.org.fault(event="gap", object="Account", probability=0.05)
        world.org.fault(method="GRPC", path_prefix=SUBSCRIBE + "Deliver", probability=0.05, action="status", status=14)
        work = Workload(world, sorted(world.org.living("Account", "Id".__eq__)), seed=seed, edits=EDITS, pause_seconds=0.03)
        work.start()
        work.join()
        world.org.clear_faults()
        world.settle(180)
        same(world, "Account", seconds=60)


def test_replay_ids_are_gone():
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 500, seed=1)
        world.start(ACCOUNT)
        world.duet.stop()
        ids = sorted(world.org.living("Account"))
        world.org.update("Account", *[{"Id": one, "Phone": "missed"} for one in ids[:100]])
        world.org.delete("Account", *ids[100:110])
        world.org.fault(event="stream_reset")
        world.duet.start()
        same(world, "Account", seconds=60)
        issues = world.duet.api("/api/v1/issues?state=open")["issues"]
        assert any(issue["code"] == "REPLAY_ID_LOST" for issue in issues), issues


def test_the_org_is_away_for_a_while():
    with World(keys=("Account",)) as world:
        sfid, = world.org.insert("Account", {"Name": "a"})
        world.start(ACCOUNT)
        world.org.fault(path_prefix="/services/", action="status", status=503, body="maintenance")
        world.org.fault(method="GRPC", path_prefix=SUBSCRIBE, action="status", status=14)
        world.db.rows("UPDATE salesforce.account SET phone = 'waits' WHERE sfid = $1", sfid)
        world.db.rows("INSERT INTO salesforce.account (name) VALUES ('waits too')")
        time.sleep(4)
        assert world.duet.program.process.poll() is None, "serve stays up"
        assert set(world.log_states()) <= {"NEW", "PENDING"} and world.log_states() != [], world.log_states()
        world.org.clear_faults()
        wait.equal("Phone", "waits", lambda: world.org.record("Account", sfid)["Phone"], 60)
        world.settle(120)
        same(world, "Account")
        assert len(world.org.living("Account")) == 2


def test_sessions_expire():
    with World(keys=("Account",)) as world:
        sfid, = world.org.insert("Account", {"Name": "a"})
        world.start(ACCOUNT)
        world.org.settings(session_timeout_ms=300)
        for turn in range(8):
            world.db.rows("UPDATE salesforce.account SET phone = $1 WHERE sfid = $2", f"t{turn}", sfid)
            time.sleep(0.4)
        wait.equal("Phone", "t7", lambda: world.org.record("Account", sfid)["Phone"], 60)
        world.org.settings(session_timeout_ms=7_200_000)
        world.settle(60)
        same(world, "Account")


def test_api_limit_reached():
    with World(keys=("Account",)) as world:
        sfid, = world.org.insert("Account", {"Name": "a"})
        world.start(ACCOUNT)
        world.org.settings(daily_api_limit=1)
        world.db.rows("UPDATE salesforce.account SET phone = 'later' WHERE sfid = $1", sfid)
        time.sleep(2)
        world.org.settings(daily_api_limit=100_000)
        wait.equal("Phone", "later", lambda: world.org.record("Account", sfid)["Phone"], 60)
        world.settle(60)
        assert "later" not in world.duet.log_text()
