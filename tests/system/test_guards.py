"""What must never happen: a copy of the database that writes to production, a stranger at the API, a secret in a log."""

import os
import time

import wait
from mappings import ACCOUNT
from pq import Session
from world import CLUSTERS, World

CANARY = "CANARY-7f3a9c"


def refuses(world):
    """The error of a connection that does not run."""
    status = wait.until("the connection failed", lambda: [one for one in [world.duet.status()] if one["state"] == "failed"])[0]
    assert status["last_error"]["kind"] == "config" and status["workers"] == [], status
    assert world.duet.http("/readyz")[0] == 503
    return status["last_error"]


def test_a_copied_database_stops_serve():
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 20)
        world.start(ACCOUNT)
        world.settle()
        assert world.duet.stop() == 0
        world.db.close()
        copy = f"{world.database}_copy"
        CLUSTERS.cluster.psql(f"CREATE DATABASE {copy} TEMPLATE {world.database}")
        world.duet.configure("postgres.url", CLUSTERS.cluster.url_of(copy))
        with Session(CLUSTERS.cluster.url_of(copy)) as session:
            session.run("UPDATE salesforce.account SET phone = 'from staging'")
        done = world.duet.command("doctor")
        assert done.returncode == 1 and "database.identity" in done.stdout, done.stdout
        world.duet.start()
        error = refuses(world)
        assert "attach" in error["message"] + error["hint"] and "copy" in error["message"] + error["hint"], error
        time.sleep(2)
        assert all(record["Phone"] != "from staging" for record in world.org.living("Account").values())
        # The choice of a person: the copy has replaced the original.
        done = world.duet.command("attach", "--accept-database")
        assert done.returncode == 0 and "is attached to this database" in done.stdout, done
        wait.until("the copy syncs", lambda: all(record["Phone"] == "from staging"
                                                 for record in world.org.living("Account").values()))


def test_another_org_stops_serve():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        assert world.duet.stop() == 0
        world.db.rows("UPDATE duet.connection SET org_id = '00D000000000000EAA'")
        done = world.duet.command("doctor")
        assert done.returncode == 1 and "database.identity" in done.stdout, done.stdout
        world.duet.start()
        assert "org" in refuses(world)["message"]


def test_two_serves():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        first = world.duet.program
        world.duet.configure("listen", "127.0.0.1:0")
        world.duet.launch()
        second = world.duet.program
        try:
            wait.until("the second saying why", lambda: any("another" in line.lower() for line in world.duet.log))
            sfid, = world.org.insert("Account", {"Name": "once"})
            wait.until("the row", lambda: world.row("account", sfid))
            row_id = world.db.value("INSERT INTO salesforce.account (name) VALUES ('once too') RETURNING id")
            wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account WHERE id = $1", row_id))
            assert len(world.org.living("Account")) == 2
        finally:
            second.stop()
            world.duet.program = first


def test_the_api_is_closed():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        for path in ("/api/v1/status", "/api/v1/journal", "/api/v1/issues", "/api/v1/mappings", "/metrics", "/readyz"):
            assert world.duet.http(path, token=None)[0] == 401, path
            assert world.duet.http(path, token="wrong-token-wrong-token")[0] == 401, path
            assert world.duet.http(path, host="evil.example")[0] == 403, path
            assert world.duet.http(path)[0] == 200, path
        assert world.duet.http("/healthz", token=None)[0] == 200
        assert world.duet.http("/api/v1/status", method="POST")[0] == 405
        assert world.duet.http("/api/nothing")[0] == 404
        status, body = world.duet.http("/api/v1/journal?limit=9999999")
        assert status == 400 and "limit" in body, body
        status, body = world.duet.http("/metrics")
        assert "duet_" in body and "# TYPE" in body, body


def test_a_token_is_made_and_kept_private():
    with World() as world:
        world.duet.configure("token", None)
        world.duet.start()
        mine = [name for name in os.listdir(world.duet.folder) if "token" in name]
        assert len(mine) == 1, os.listdir(world.duet.folder)
        path = os.path.join(world.duet.folder, mine[0])
        assert os.stat(path).st_mode & 0o077 == 0, "only the owner may read it"
        with open(path, encoding="utf-8") as file:
            token = file.read().strip()
        assert len(token) >= 32 and world.duet.http("/api/v1/status", token=token)[0] == 200
        assert token not in world.duet.log_text()


def test_secrets_and_values_stay_out_of_logs():
    with World(keys=("Account",)) as world:
        world.org.add_fields("Account", {"name": "Code__c", "type": "string", "length": 40, "unique": True})
        sfid, = world.org.insert("Account", {"Name": f"{CANARY}-org", "Code__c": f"{CANARY}-taken"})
        with open(world.duet.config, "a", encoding="utf-8") as file:
            file.write('\n[log]\nlevel = "debug"\n')
        world.start({"Account": {**ACCOUNT["Account"], "fields": ACCOUNT["Account"]["fields"] + ["Code__c"]}})
        world.db.rows(f"INSERT INTO salesforce.account (name, code__c) VALUES ('{CANARY}-sql', '{CANARY}-taken')")
        world.db.run(f"ALTER TABLE salesforce.account ADD CONSTRAINT c CHECK (phone <> '{CANARY}-refused')")
        world.org.update("Account", {"Id": sfid, "Phone": f"{CANARY}-refused"})
        world.db.rows(f"UPDATE salesforce.account SET fax = '{CANARY}-fax' WHERE sfid = $1", sfid)
        world.org.fault(method="POST", action="status", status=500, body=f"<html>{CANARY}-body</html>", count=3)
        world.org.fault(method="PATCH", action="status", status=200, body=f"{CANARY} no JSON", count=3)
        wait.until("an issue", lambda: world.duet.api("/api/v1/issues?state=open")["issues"])
        world.db.rows(f"UPDATE salesforce.account SET website = '{CANARY}-site' WHERE sfid = $1", sfid)
        # A record that the table refuses is dirty and sends nothing before it can be read whole.
        world.db.run("ALTER TABLE salesforce.account DROP CONSTRAINT c")
        wait.equal("Fax", f"{CANARY}-fax", lambda: world.org.record("Account", sfid)["Fax"], 60)
        world.duet.stop()
        text = world.duet.log_text()
        found = [line for line in world.duet.log if CANARY in line]
        assert found == [], found[:5]
        ready = world.org.ready
        secrets = [ready[key] for key in ("password", "security_token", "client_secret", "access_token")] + ["bench-token-"]
        assert [secret for secret in secrets if secret in text] == []
        assert "Bearer" not in text
