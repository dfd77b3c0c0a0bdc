"""What people do about issues: retry, revert, resolve, ignore, one by one and in bulk; each a write that both sides see."""

import contextlib
import hashlib
import hmac
import http.client
import http.server
import json
import threading
import time

import wait
from compare import same
from mappings import ACCOUNT, account
from product import TOKEN
from test_conflicts import apart, journal, loaded
from world import World

NO_BAD_PHONES = {"type": "validation", "object": "Account", "when": {"Phone": {"like": "bad%"}}, "message": "No bad phones", "field": "Phone"}


@contextlib.contextmanager
def strict_world(**options):
    """An org that refuses phones that begin with "bad"."""
    with World(keys=("Account",), **options) as world:
        world.org.kept("POST", "/orgsim/rules", NO_BAD_PHONES)
        yield world


def lift_the_rule(world):
    world.org.kept("DELETE", "/orgsim/rules")


def one_issue(world, **filters):
    return wait.until(f"an issue {filters}", lambda: world.duet.issues(**filters))[0]


def refused(world):
    """A record whose update the org refused: its Id and the issue."""
    sfid, = world.org.insert("Account", {"Name": "a", "Phone": "p0"})
    world.start(ACCOUNT)
    world.db.rows("UPDATE salesforce.account SET phone = 'bad 1' WHERE sfid = $1", sfid)
    return sfid, one_issue(world, state="open", kind="rejected")


def act(world, issue, action, body=None):
    status, answer, _ = world.duet.call("POST", f"/api/v1/issues/{issue['id']}/{action}", body or {})
    return status, answer


def phones(world, sfid):
    return world.row("account", sfid)["phone"], world.org.record("Account", sfid)["Phone"]


def test_revert_of_a_conflict():
    with World(keys=("Account",)) as world:
        sfid = loaded(world, conflict="salesforce")
        apart(world, sfid, {"Phone": "sql"}, {"Phone": "org"})
        issue = one_issue(world, state="decided", kind="conflict")
        world.settle()
        assert phones(world, sfid) == ("org", "org")
        assert issue["actors"]["salesforce"]["user"].startswith("005"), issue
        assert "revert" in issue["actions"], issue
        status, answer = act(world, issue, "revert")
        assert (status, answer["issue"]["state"], answer["writes"]) == (200, "reverted", 1), answer
        wait.equal("both phones", ("sql", "sql"), lambda: phones(world, sfid))
        world.settle()
        same(world, "Account")
        entry = journal(world)[0]
        assert (entry["reason"], entry["lost"], entry["kept"], entry["actor"]) == ("reverted", "org", "sql", "duet:token"), entry
        assert act(world, issue, "revert")[0] == 409, "it was reverted already"


def test_resolve_with_a_value_of_its_own():
    with World(keys=("Account",)) as world:
        sfid = loaded(world, conflict="hold")
        apart(world, sfid, {"Phone": "sql"}, {"Phone": "org"})
        issue = one_issue(world, state="open", kind="conflict")
        assert issue["actions"] == ["resolve"], issue
        assert act(world, issue, "resolve", {"set": {"Fax": "x"}})[0] == 400, "no field of the issue"
        assert act(world, issue, "resolve", {"set": {"Phone": "5" * 100}})[0] == 400, "too long for the field"
        status, answer = act(world, issue, "resolve", {"set": {"Phone": "both"}})
        assert (status, answer["issue"]["state"]) == (200, "resolved"), answer
        wait.equal("both phones", ("both", "both"), lambda: phones(world, sfid))
        world.settle()
        same(world, "Account")
        assert {entry["lost"] for entry in journal(world)} >= {"sql", "org"}, journal(world)


def test_always_writes_the_policy():
    with World(keys=("Account",)) as world:
        sfid = loaded(world, conflict="hold")
        apart(world, sfid, {"Phone": "sql"}, {"Phone": "org"})
        issue = one_issue(world, state="open", kind="conflict")
        status, answer = act(world, issue, "resolve", {"use": "postgres", "always": True})
        assert status == 200, answer
        wait.equal("both phones", ("sql", "sql"), lambda: phones(world, sfid))
        world.settle()
        exported = json.loads(world.duet.command("export").stdout)
        assert exported["mappings"][0]["config"]["fields"]["Phone"]["conflict"] == "postgres", exported
        time.sleep(3)
        apart(world, sfid, {"Phone": "sql 2"}, {"Phone": "org 2"})
        wait.equal("both phones", ("sql 2", "sql 2"), lambda: phones(world, sfid))
        assert world.duet.issues(state="open") == []


def test_retry_after_the_rule_was_lifted():
    with strict_world() as world:
        sfid, issue = refused(world)
        assert issue["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION" and issue["fields"][0]["postgres"] == "bad 1", issue
        again = world.duet.command("issues", "retry", str(issue["id"]))
        assert again.returncode == 0, again.stderr
        second = wait.until("it is refused again", lambda: [one for one in world.duet.issues(state="open") if one["id"] != issue["id"]])[0]
        lift_the_rule(world)
        done = world.duet.command_json("issues", "retry", str(second["id"]))
        assert done["issue"]["state"] == "resolved" and done["issue"]["closed_by"].startswith("cli:"), done
        wait.equal("the org's phone", "bad 1", lambda: world.org.record("Account", sfid)["Phone"])
        world.settle()
        same(world, "Account")
        assert world.duet.issues(state="open") == []


def test_revert_of_a_refused_write():
    with strict_world() as world:
        sfid, issue = refused(world)
        assert act(world, issue, "revert")[0] == 200
        wait.equal("both phones", ("p0", "p0"), lambda: phones(world, sfid))
        world.settle()
        same(world, "Account")
        assert world.db.value("SELECT _hc_lastop FROM salesforce.account WHERE sfid = $1", sfid) == "SYNCED"


def test_a_stale_issue_is_not_acted_on():
    with strict_world() as world:
        sfid, issue = refused(world)
        world.pause(outbound=True)
        world.db.rows("UPDATE salesforce.account SET phone = 'good' WHERE sfid = $1", sfid)
        status, answer = act(world, issue, "retry")
        assert (status, answer["error"]["code"]) == (409, "stale"), answer
        assert world.duet.api(f"/api/v1/issues/{issue['id']}")["state"] == "superseded"
        world.resume()
        wait.equal("both phones", ("good", "good"), lambda: phones(world, sfid))

        lift_the_rule(world)
        apart(world, sfid, {"Phone": "sql"}, {"Phone": "org"})
        decided = one_issue(world, state="decided")
        world.settle()
        world.org.update("Account", {"Id": sfid, "Phone": "later"})
        wait.equal("both phones", ("later", "later"), lambda: phones(world, sfid))
        status, answer = act(world, decided, "revert")
        assert (status, answer["error"]["code"]) == (409, "stale"), answer
        assert phones(world, sfid) == ("later", "later"), "nothing was overwritten"
        outcomes = [entry["outcome"] for entry in world.duet.api("/api/v1/audit?action=issue.")["entries"]]
        assert outcomes == ["STALE", "STALE"], outcomes


def test_a_later_good_write_supersedes_the_issue():
    with strict_world() as world:
        sfid, issue = refused(world)
        world.db.rows("UPDATE salesforce.account SET fax = '1' WHERE sfid = $1", sfid)
        wait.equal("the org's fax", "1", lambda: world.org.record("Account", sfid)["Fax"])
        world.settle()
        time.sleep(6)
        assert world.duet.api(f"/api/v1/issues/{issue['id']}")["state"] == "open", "another field says nothing about the phone"
        world.db.rows("UPDATE salesforce.account SET phone = 'good' WHERE sfid = $1", sfid)
        wait.equal("the issue", "superseded", lambda: world.duet.api(f"/api/v1/issues/{issue['id']}")["state"])


def test_a_thousand_at_once():
    with strict_world() as world:
        world.start(ACCOUNT)
        world.db.rows("INSERT INTO salesforce.account (name, phone) SELECT 'row ' || n, 'bad ' || n FROM generate_series(1, 1000) n")
        total = lambda: world.duet.api("/api/v1/issues?state=open&limit=1")["total"]
        wait.equal("open issues", 1000, total, 60)
        group, = world.duet.api("/api/v1/issues?state=open&grouped=true")["groups"]
        assert (group["count"], group["records"], group["code"]) == (1000, 1000, "FIELD_CUSTOM_VALIDATION_EXCEPTION"), group
        wanted = {"filter": {"code": group["code"]}, "action": "retry"}
        counted = world.duet.post("/api/v1/issues/bulk", {**wanted, "dry_run": True})
        assert (counted["matched"], counted["possible"], counted["done"]) == (1000, 1000, 0), counted
        assert total() == 1000, "a dry run changes nothing"
        by_command = world.duet.command_json("issues", "retry", "--code", group["code"], "--dry-run")
        assert by_command["matched"] == 1000, by_command
        lift_the_rule(world)
        done = world.duet.post("/api/v1/issues/bulk", wanted)
        assert (done["done"], done["stale"], done["failed"], done["remaining"]) == (1000, 0, 0, 0), done
        wait.equal("rows with an Id", "1000", lambda: world.db.value("SELECT count(sfid) FROM salesforce.account"), 60)
        world.settle()
        assert len(world.org.living("Account")) == 1000 and total() == 0
        same(world, "Account")


def test_a_records_history():
    with World(keys=("Account",)) as world:
        sfid = loaded(world, conflict="salesforce")
        world.db.rows("UPDATE salesforce.account SET fax = 'f1' WHERE sfid = $1", sfid)
        world.settle()
        between = world.db.value("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
        time.sleep(0.1)
        apart(world, sfid, {"Phone": "sql"}, {"Phone": "org"})
        one_issue(world, state="decided")
        world.settle()
        path = f"/api/v1/records/Account/{sfid}"
        history = world.duet.api(f"{path}/history?at={between}")
        kinds = [(event["type"], event["source"].removesuffix("_archive")) for event in history["events"]]
        assert ("lost", "journal") in kinds and ("issue", "issue") in kinds and kinds.count(("captured", "trigger_log")) >= 2, kinds
        as_of = history["as_of"]
        assert (as_of["exists"], as_of["values"]["Fax"], as_of["values"]["Phone"]) == (True, "f1", "p0"), as_of
        assert any("not recorded" in sentence for sentence in history["not_known"])
        record = world.duet.api(path)
        assert (record["sync"]["state"], record["values"]["Phone"]) == ("at_rest", "org"), record
        assert world.duet.api(f"/api/v1/records/account/{record['record_id']}")["sfid"] == sfid
        missing = world.duet.call("GET", "/api/v1/records/Account/999999")
        assert missing[0] == 404, missing
        shown = world.duet.command("record", "Account", sfid)
        assert shown.returncode == 0 and "Row updated" in shown.stdout, shown.stdout + shown.stderr


def test_a_preview_of_a_policy():
    with World(keys=("Account",)) as world:
        sfid = loaded(world, conflict="salesforce")
        apart(world, sfid, {"Phone": "sql"}, {"Phone": "org"})
        one_issue(world, state="decided")
        preview = world.duet.post("/api/v1/policy/preview", {"object": "Account", "field": "Phone", "policy": "postgres"})
        assert (preview["considered"], preview["different"], preview["outcomes"]) == (1, 1, {"postgres": 1}), preview
        assert preview["examples"][0]["value"] == "sql", preview
        newest = world.duet.post("/api/v1/policy/preview", {"object": "Account", "policy": "newest"})
        assert (newest["same"], newest["unknown"]) == (1, 0), newest
        world.settle()
        assert phones(world, sfid) == ("org", "org")
        assert world.duet.call("POST", "/api/v1/policy/preview", {"object": "Account", "field": "Phone", "policy": "max"})[0] == 400


def test_the_stream_tells_as_it_happens():
    with strict_world() as world:
        sfid, = world.org.insert("Account", {"Name": "a", "Phone": "p0"})
        world.start(ACCOUNT)
        connection = http.client.HTTPConnection("127.0.0.1", world.duet.port, timeout=20)
        connection.request("GET", "/api/v1/stream", headers={"Authorization": f"Bearer {TOKEN}"})
        stream = connection.getresponse()
        seen = []

        def told():
            name = stream.readline().decode().strip().removeprefix("event: ")
            data = json.loads(stream.readline().decode().removeprefix("data: "))
            stream.readline()
            seen.append(name)
            return name == "issue" and data

        first = told() or None
        assert seen == ["status"] and first is None
        time.sleep(1)
        world.db.rows("UPDATE salesforce.account SET phone = 'bad' WHERE sfid = $1", sfid)
        issue = wait.until("an issue on the stream", told)
        assert (issue["kind"], issue["state"], issue["object"]) == ("rejected", "open", "Account"), issue
        connection.close()


class Receiver(http.server.ThreadingHTTPServer):
    """Takes webhooks; answers 500 to the first `failures`."""

    def __init__(self, failures):
        self.failures = failures
        self.taken = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((dict(self.headers), body))
                self.send_response(500 if len(receiver.taken) <= receiver.failures else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_webhooks_arrive_although_the_receiver_failed():
    receiver = Receiver(failures=2)
    secret = "a secret of the receiver"
    with strict_world() as world:
        with open(world.duet.config, "a", encoding="utf-8") as file:
            file.write(f'\n[[webhook]]\nname = "chat"\nurl = "http://127.0.0.1:{receiver.server_port}/hook"\nsecret = "{secret}"\nevents = ["issue"]\n')
        sfid, issue = refused(world)
        wait.until("three tries", lambda: len(receiver.taken) >= 3)
        first, last = receiver.taken[0], receiver.taken[2]
        assert first[0]["X-Duet-Delivery"] == last[0]["X-Duet-Delivery"], "the same delivery again"
        headers, body = last
        signed = f"{headers['X-Duet-Timestamp']}.".encode() + body
        assert headers["X-Duet-Signature"] == "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        told = json.loads(body)
        assert (told["event"], told["issue"]["sfid"], told["issue"]["id"]) == ("issue.open", sfid, issue["id"]), told
        field, = told["issue"]["fields"]
        assert (field["salesforce"], field["postgres"]) == ("p0", "bad 1"), field
        wait.equal("deliveries that wait", 0, lambda: world.duet.api("/api/v1/webhooks")["webhooks"][0]["pending"])
        act(world, issue, "ignore")
        wait.until("the next event", lambda: [1 for headers, _ in receiver.taken if headers["X-Duet-Event"] == "issue.ignored"])
    receiver.shutdown()
