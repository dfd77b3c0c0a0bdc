"""How changes travel: by calls side by side, by Bulk jobs, within the budget of calls. Judged by what the org did."""

import time

import wait
from compare import same
from mappings import ACCOUNT
from world import World

INGEST = "/services/data/v62.0/jobs/ingest"
BULK = {"bulk_from": 1_000, "bulk_from_short": 1_000}
CASE = {"Case": {"fields": ["Subject", "Status", "AccountId", "Duet_Key__c"], "access": "read_write", "upsert": "Duet_Key__c"}}


def versions(world, object_name, sfid, field, value):
    """How often the org stored that value."""
    return sum(1 for version in world.org.history(object_name, sfid) if version["fields"].get(field, {}).get("new") == value)


def calls(world, kind):
    return world.org.status()["api_calls"].get(kind, 0)


def counter(world, name):
    return world.duet.api("/api/v1/status")["connections"][0]["counters"][name]


def held(world, field, value):
    return [sfid for sfid, record in world.org.living("Account", field.__eq__).items() if record[field] == value]


def test_scenario_3_a_bulk_job_with_bad_locked_and_unprocessed_rows():
    # A transaction that waits for a lock must not use up the short time that the org gives a request here.
    with World(keys=("Account",), org={"lock_wait_ms": 100}, engine=BULK) as world:
        world.org.generate("Account", 5_000)
        world.start(ACCOUNT)
        ids = sorted(world.org.living("Account"))
        for number in (7, 1_234, 3_333):
            world.db.rows("UPDATE salesforce.account SET fax = 'bad' WHERE sfid = $1", ids[number])
        for number in (50, 2_222):
            world.db.rows("UPDATE salesforce.account SET fax = 'locked' WHERE sfid = $1", ids[number])
        world.settle()
        world.org.call("POST", "/orgsim/rules", {"type": "validation", "object": "Account", "when": {"Fax": "bad", "Phone": "5"}, "message": "Not this one"})
        lock = world.org.call("POST", "/orgsim/rules", {"type": "before", "object": "Account", "on": ["update"], "when": {"Fax": "locked", "Phone": "5"},
                                                        "fail": {"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record"}})
        world.org.fault(bulk="fail", object="Account", ordinal=3, count=1)
        world.db.rows("UPDATE salesforce.account SET phone = '5'")
        wait.until("all but the locked", lambda: len(held(world, "Phone", "5")) >= 4_995, 90)
        world.org.call("DELETE", f"/orgsim/rules/{lock['id'] if 'id' in lock else lock['ids'][0]}")
        wait.until("the locked too", lambda: len(held(world, "Phone", "5")) == 4_997, 60)
        world.settle(90)
        assert calls(world, "bulk_ingest") > 0, world.org.status()["api_calls"]
        assert world.org.faults()["bulk_faults"][0]["fired"] == 1, world.org.faults()
        failed = {row["sfid"] for row in world.db.rows("SELECT sfid FROM salesforce.account WHERE _hc_lastop = 'FAILED'")}
        assert failed == {ids[7], ids[1_234], ids[3_333]}, failed
        issues = world.duet.api("/api/v1/issues?state=open")["issues"]
        assert {issue["sfid"] for issue in issues} == failed and all("Not this one" in issue["message"] for issue in issues), issues
        for number in (0, 50, 2_222, 4_999):
            assert versions(world, "Account", ids[number], "Phone", "5") == 1, "each was applied once"


def test_scenario_9_many_cases_on_few_accounts():
    cases, accounts = 2_000, 20
    with World(keys=("Account", "Case"), org={"lock_wait_ms": 100}) as world:
        parents = world.org.insert("Account", *[{"Name": f"parent {n}"} for n in range(accounts)])
        world.org.call("POST", "/orgsim/rules", {"type": "after", "object": "Case", "on": ["insert"], "service_ms": 2})
        world.start({**ACCOUNT, **CASE})
        world.db.rows("INSERT INTO salesforce.case (subject, accountid) SELECT 'case ' || n, ($1::text[])[1 + n % $2::integer] "
                      "FROM generate_series(1, $3::integer) n", "{" + ",".join(parents) + "}", accounts, cases)
        wait.equal("cases in the org", cases, lambda: len(world.org.living("Case")), 120)
        world.settle(60)
        assert counter(world, "attempts_rejected") == 0, "a lock was missed"
        same(world, "Case")


def test_scenario_16_others_use_most_of_the_limit():
    with World(keys=("Account",)) as world:
        sfids = world.org.insert("Account", *[{"Name": f"account {n}"} for n in range(200)])
        world.start(ACCOUNT)
        used = lambda: world.org.status()["api_calls_in_24_hours"]
        while used() < 1_900:
            world.org.call("GET", "/services/data/v62.0/limits")
        world.org.settings(daily_api_limit=int(used() / 0.95))
        world.db.rows("UPDATE salesforce.account SET fax = '1' WHERE sfid = $1", sfids[0])
        wait.equal("fax", "1", lambda: world.org.record("Account", sfids[0])["Fax"], 60)
        before = used()
        for sfid in sfids:
            world.db.rows("UPDATE salesforce.account SET phone = '16' WHERE sfid = $1", sfid)
            time.sleep(0.02)
        wait.until("all edits in the org", lambda: len(held(world, "Phone", "16")) == 200, 120)
        assert used() - before <= 40, f"{used() - before} calls for 200 edits, with little left"
        assert not [fault for fault in world.duet.log_text().splitlines() if "REQUEST_LIMIT_EXCEEDED" in fault]
        world.org.update("Account", {"Id": sfids[0], "Phone": "inbound"})
        wait.equal("what comes from the org", "inbound", lambda: world.row("account", sfids[0])["phone"])
        budget = world.duet.api("/api/v1/status")["connections"][0]["budget"]
        assert budget["used"] / budget["allowed"] > 0.9 and budget["state"] in ("full_speed", "paced", "reserve"), budget
        assert world.duet.command_json("status")["connections"][0]["budget"]["allowed"] == budget["allowed"]
        assert "duet_budget_calls_per_hour" in world.duet.http("/metrics")[1]


def bulk_job_killed(phase):
    """`kill -9` while a call of the job is under way; every record must be changed once."""
    with World(keys=("Account",), engine=BULK) as world:
        world.org.generate("Account", 2_000)
        world.start(ACCOUNT)
        fault = world.org.fault(**phase, action="delay", delay_ms=3_000, count=1)
        world.db.rows("UPDATE salesforce.account SET phone = 'once'")
        wait.until("the call", lambda: [each for each in world.org.faults()["faults"] if each["fired"]], 60)
        world.duet.kill9()
        world.org.clear_faults()
        world.duet.start()
        wait.equal("all changed", 2_000, lambda: len(held(world, "Phone", "once")), 90)
        world.settle(90)
        same(world, "Account")
        assert fault
        assert world.db.value("SELECT count(*) FROM duet.bulk_job") == "0"
        for sfid in sorted(world.org.living("Account"))[::97]:
            assert versions(world, "Account", sfid, "Phone", "once") == 1, sfid


def test_bulk_job_killed_while_it_is_opened():
    bulk_job_killed({"method": "POST", "path_prefix": INGEST})


def test_bulk_job_killed_while_it_is_uploaded():
    bulk_job_killed({"method": "PUT", "path_prefix": INGEST})


def test_bulk_job_killed_while_it_is_let_go():
    bulk_job_killed({"method": "PATCH", "path_prefix": INGEST})


def test_bulk_job_killed_while_it_runs():
    bulk_job_killed({"method": "GET", "path_regex": "/jobs/ingest/[^/]+$"})


def test_bulk_job_killed_while_results_are_read():
    bulk_job_killed({"method": "GET", "path_regex": "/jobs/ingest/[^/]+/successfulResults$"})


def test_segment_flaw_2_sparse_rows_keep_other_fields_on_every_transport():
    with World(keys=("Account",), engine=BULK) as world:
        world.org.generate("Account", 1_500)
        world.start(ACCOUNT)
        ids = sorted(world.org.living("Account"))
        world.db.rows("UPDATE salesforce.account SET phone = 'p', fax = 'f', website = 'w'")
        world.settle(90)
        # By a job: half the rows speak of one field, half of another, which one clears.
        world.db.run("UPDATE salesforce.account SET phone = CASE WHEN id % 2 = 0 THEN 'job' ELSE phone END, fax = CASE WHEN id % 2 = 1 THEN NULL ELSE fax END")
        world.settle(90)
        # By a collection, and by a row.
        for sfid in ids[:10]:
            world.db.rows("UPDATE salesforce.account SET description = 'd' WHERE sfid = $1", sfid)
        world.settle(60)
        assert calls(world, "bulk_ingest") > 0
        same(world, "Account")
        for record in world.org.living("Account").values():
            assert record["Website"] == "w" and (record["Phone"], record["Fax"]) in (("job", "f"), ("p", None)), record


def test_segment_flaw_8_a_key_cannot_break_out_of_a_query():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        keys = ["\\", "' OR Name != '", "a\\' OR Id != '", "x\",\"y", "ü/%2F?"]
        for key in keys:
            world.db.rows("INSERT INTO salesforce.account (name, duet_key__c) VALUES ($1, $1)", key)
        world.settle(60)
        assert sorted(record["Duet_Key__c"] for record in world.org.living("Account").values()) == sorted(keys)
        same(world, "Account")
