"""Flaws of Segment's Salesforce destination (spec/lessons.md §1) that Duet must be free of, by their numbers. Those of the encoders and
of bulk jobs stand beside their sources and in the suites about transports (`grep -rn segment_flaw`)."""

import threading

import wait
from compare import same
from mappings import ACCOUNT, CONTACT
from test_lessons import open_issues, rest
from world import World

DATA = "/services/data/"


def test_segment_flaw_4_concurrent_upserts_make_one_record():
    with World(keys=("Account",), org={"upsert_window_ms": 200, "visibility_delay_ms": 300}) as world:
        world.start(ACCOUNT)
        sessions = [world.session() for _ in range(8)]

        def work(session, number):
            session.rows("INSERT INTO salesforce.account (name, duet_key__c) VALUES ($1, $1)", f"k{number}")
            for step in range(5):
                session.rows("UPDATE salesforce.account SET phone = $1 WHERE duet_key__c = $2", f"{step}", f"k{number}")

        threads = [threading.Thread(target=work, args=(session, number)) for number, session in enumerate(sessions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.settle()
        wait.equal("records that queries see", 8, lambda: len(world.org.living("Account")))
        records = world.org.living("Account").values()
        assert sorted(record["Duet_Key__c"] for record in records) == [f"k{number}" for number in range(8)]
        wait.equal("what they hold", {"4"}, lambda: {record["Phone"] for record in world.org.living("Account").values()})


def test_segment_flaw_5_an_insert_that_timed_out_is_not_sent_again():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.org.fault(path_prefix=DATA + "v62.0/sobjects/Account/Duet_Key__c", action="commit_then_drop", count=3)
        world.db.rows("INSERT INTO salesforce.account (name) VALUES ('once')")
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account"))
        world.settle()
        sfid, = world.org.living("Account")
        assert [version["changeType"] for version in world.org.history("Account", sfid)] == ["CREATE"]


def test_segment_flaw_11_an_insert_of_what_exists_is_merged_and_not_skipped():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.pause()
        status, _ = rest(world, "POST", "/sobjects/Account", {"Name": "there", "Fax": "theirs", "Duet_Key__c": "K"})
        assert status == 201
        world.db.rows("INSERT INTO salesforce.account (name, phone, duet_key__c) VALUES ('there', 'ours', 'K')")
        world.resume()
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE fax = 'theirs'"))
        world.settle()
        record, = world.org.living("Account").values()
        assert (record["Phone"], record["Fax"]) == ("ours", "theirs"), record


def test_segment_flaw_12_duplicate_rules_and_deletes_are_told():
    with World(keys=("Account", "Contact")) as world:
        world.org.insert("Contact", {"LastName": "Bond", "Email": "007@mi6.uk"})
        world.start({**ACCOUNT, **CONTACT})
        world.org.kept("POST", "/orgsim/rules", {"type": "duplicate", "object": "Contact", "match": ["Email"], "action": "block",
                                                 "message": "Use one of these records?"})
        twin = world.db.value("INSERT INTO salesforce.contact (lastname, email) VALUES ('Bond', '007@mi6.uk') RETURNING id")
        issue = wait.until("an issue", lambda: open_issues(world))[0]
        assert issue["code"] == "DUPLICATES_DETECTED" and str(issue["record_id"]) == twin, issue
        assert len(world.org.living("Contact")) == 1
        world.db.rows("DELETE FROM salesforce.contact WHERE email IS NOT NULL AND sfid IS NOT NULL")
        wait.equal("contacts in the org", 0, lambda: len(world.org.living("Contact")))


def test_segment_flaw_14_one_refused_record_of_a_batch_is_retried_by_itself():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.org.kept("POST", "/orgsim/rules", {"type": "validation", "object": "Account", "when": {"Phone": "bad"}, "message": "no"})
        world.pause(outbound=True)
        world.db.rows("INSERT INTO salesforce.account (name, phone) SELECT 'n' || n, CASE n WHEN 7 THEN 'bad' ELSE 'good' END "
                      "FROM generate_series(1, 30) n")
        world.resume()
        wait.equal("records in the org", 29, lambda: len(world.org.living("Account")))
        issue = wait.until("an issue", lambda: open_issues(world))[0]
        assert issue["kind"] == "rejected" and issue["message"] == "no", issue
        world.db.rows("UPDATE salesforce.account SET phone = 'mended' WHERE name = 'n7'")
        wait.equal("records in the org", 30, lambda: len(world.org.living("Account")))
        world.settle()
        same(world, "Account")
        assert all(len(world.org.history("Account", sfid)) == 1 for sfid in world.org.living("Account")), "the others were not sent again"
