"""Bad days before anything runs: `duet doctor` finds them, every command says what to do, exit codes tell the kind."""

import json
import os

import wait
from cluster import TestCluster
from mappings import ACCOUNT, account
from world import World

DONE, FOUND, USAGE, UNREACHABLE = 0, 1, 2, 3


def doctor(world, code, *words):
    """doctor's findings as text; it ended with `code` and each of `words` is in it."""
    done = world.duet.command("doctor")
    said = done.stdout + done.stderr
    assert done.returncode == code, f"doctor: status {done.returncode}\n{said}"
    for word in words:
        assert word.lower() in said.lower(), f"doctor does not say {word!r}:\n{said}"
    return said


def serve_says(world, *words):
    """serve stays up to try again, and its status and log say these words."""
    world.duet.start()
    error = wait.until("an error of the connection", lambda: world.duet.status()["last_error"])
    world.duet.stop()
    said = error["message"] + error["hint"] + world.duet.log_text()
    for word in words:
        assert word.lower() in said.lower(), f"serve does not say {word!r}:\n{said}"


def test_all_is_well():
    with World(keys=("Account",)) as world:
        doctor(world, DONE, "All is well")
        world.org.generate("Account", 10)
        world.start(ACCOUNT)
        said = doctor(world, DONE, "change events")
        assert "Account" in said, said
        findings = world.duet.command_json("doctor")["findings"]
        assert findings and all(one["severity"] == "ok" for one in findings), findings


def test_a_limit_that_runs_short_is_told():
    with World(keys=("Account",)) as world:
        world.org.generate("Account", 10)
        world.org.settings(daily_bulk_query_job_limit=10)
        world.start(ACCOUNT)
        limits = wait.until("the org's limits", lambda: world.duet.status()["limits"])
        assert limits["DailyBulkV2QueryJobs"]["allowed"] == 10, limits
        assert "duet_org_limit_allowed{" in world.duet.get("/metrics")
        world.org.settings(daily_bulk_query_job_limit=1)
        doctor(world, FOUND, "DailyBulkV2QueryJobs", "System Overview")


def test_org_unreachable():
    with World() as world:
        world.duet.configure("salesforce.login_url", "http://127.0.0.1:9")
        doctor(world, UNREACHABLE, "org.login", "127.0.0.1:9")
        done = world.duet.command("import", world.duet.write_mapping(ACCOUNT))
        assert done.returncode == UNREACHABLE, done.stderr


def test_pubsub_unreachable():
    with World() as world:
        world.duet.configure("salesforce.pubsub", "127.0.0.1:9")
        doctor(world, UNREACHABLE, "org.change_events")


def test_database_unreachable():
    with World() as world:
        world.duet.configure("postgres.url", "postgresql://nobody:geheim@127.0.0.1:9/app")
        said = doctor(world, UNREACHABLE, "database.connect")
        assert "geheim" not in said, said
        done = world.duet.command("status")
        assert done.returncode == UNREACHABLE and "geheim" not in done.stderr, done.stderr


def test_database_does_not_exist():
    with World() as world:
        world.duet.configure("postgres.url", world.url.replace(world.database, "no_such_db"))
        done = world.duet.command("doctor")
        assert done.returncode in (FOUND, USAGE, UNREACHABLE) and "no_such_db" in done.stdout, (done.returncode, done.stdout)


def test_wrong_credentials():
    with World() as world:
        world.duet.configure("salesforce.password", "not-the-password")
        said = doctor(world, FOUND, "org.login", "password is wrong", "security token")
        assert "not-the-password" not in said
        world.duet.configure("salesforce.client_secret", "not-the-secret")
        said = doctor(world, FOUND, "client_secret is wrong")
        assert "not-the-secret" not in said
        world.duet.configure("salesforce.client_id", "unknown-app")
        doctor(world, FOUND, "client_id")
        serve_says(world, "client_id")


def test_configuration_mistakes_name_the_line():
    with World() as world:
        world.duet.configure("salesforce.usrname", "typo")
        done = world.duet.command("doctor")
        assert done.returncode == USAGE and "did you mean username?" in done.stderr and "duet.toml:" in done.stderr, done.stderr
        os.remove(world.duet.config)
        done = world.duet.command("status")
        assert done.returncode == USAGE and "--config" in done.stderr, done.stderr


def import_refused(world, objects, *words):
    done = world.duet.command("import", world.duet.write_mapping(objects))
    said = done.stdout + done.stderr
    assert done.returncode == USAGE, f"import: status {done.returncode}\n{said}"
    for word in words:
        assert word.lower() in said.lower(), f"import does not say {word!r}:\n{said}"
    assert world.db.value("SELECT to_regclass('salesforce.account')") is None, "nothing is changed when the file is wrong"


def test_mapping_file_mistakes():
    with World(keys=("Account",)) as world:
        import_refused(world, {"Acount": ACCOUNT["Account"]}, "Acount", "did you mean Account?")
        fields = ACCOUNT["Account"]["fields"]
        import_refused(world, account(fields=fields + ["Fone"]), "Fone", "did you mean")
        import_refused(world, account(upsert="Duet_Kye__c"), "Duet_Kye__c", "did you mean Duet_Key__c?")
        import_refused(world, account(upsert="Name"), "not a unique external id")
        import_refused(world, account(fields=fields + ["BillingAddress"]), "compound", "BillingStreet")
        import_refused(world, {"version": 1, "mappings": [{"object_name": "Account", "config": {"access": "write", "fields": {"Name": {}}}}]},
                       "read_only", "read_write")
        with open(world.duet.write_mapping(ACCOUNT), "w", encoding="utf-8") as file:
            file.write("{ this is no JSON")
        done = world.duet.command("import", file.name)
        assert done.returncode == USAGE and file.name in done.stderr, done.stderr
        done = world.duet.command("import", "/no/such/file.json")
        assert done.returncode == USAGE and "/no/such/file.json" in done.stderr, done.stderr


def test_table_of_another_shape():
    with World(keys=("Account",)) as world:
        world.db.run("CREATE SCHEMA salesforce; CREATE TABLE salesforce.account (id uuid PRIMARY KEY, sfid integer, name bytea)")
        done = world.duet.command("import", world.duet.write_mapping(ACCOUNT))
        assert done.returncode == USAGE and '"account"' in done.stderr and "column name has type bytea" in done.stderr, (done.returncode, done.stderr)
        assert world.db.value("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'salesforce'") == "3"


def test_damage_after_the_import():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        world.duet.stop()
        world.db.run("ALTER TABLE salesforce.account DISABLE TRIGGER hc_account_logtrigger")
        doctor(world, FOUND, "mapping.triggers", "disabled")
        world.db.run("ALTER TABLE salesforce.account ENABLE TRIGGER USER")
        doctor(world, DONE)
        world.org.add_fields("Account", {"name": "Duet_Key__c", "remove": True})
        doctor(world, FOUND, "mapping.org", "Duet_Key__c")


def test_missing_rights():
    with World(keys=("Account",)) as world:
        world.db.run("CREATE ROLE weak LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        try:
            world.duet.configure("postgres.url", world.url.replace("//" + world.url.split("//")[1].split("@")[0], "//weak"))
            said = doctor(world, FOUND, "database.rights", "weak")
            assert "GRANT" in said or "CREATE SCHEMA" in said, said
            done = world.duet.command("import", world.duet.write_mapping(ACCOUNT))
            assert done.returncode in (FOUND, USAGE), done.stderr
        finally:
            world.db.run("DROP OWNED BY weak; DROP ROLE weak")


def test_the_database_goes_and_comes_back():
    with TestCluster() as cluster, World(keys=("Account",), cluster=cluster) as world:
        world.start(ACCOUNT)
        cluster.stop()
        sfid, = world.org.insert("Account", {"Name": "while the database was away"})
        status, _ = world.duet.http("/healthz")
        assert status == 200, "serve lives on"
        status, body = world.duet.http("/api/v1/status")
        assert status in (200, 503) and json.loads(body), body
        cluster.start()
        world.db = world.session()
        assert world.duet.program.process.poll() is None, world.duet.log_text()
        wait.until("the row", lambda: world.row("account", sfid), 60)


def test_creates_the_keys_that_are_missing():
    with World() as world:
        fields = ["Name", "Phone"]
        path = world.duet.write_mapping({"Account": {"fields": fields, "access": "read_write"}})
        said = world.duet.command("doctor", path)
        assert said.returncode == 1 and "--create-keys" in said.stdout, said.stdout
        done = world.duet.command("doctor", path, "--create-keys")
        assert done.returncode == 0 and "Account.Duet_Id__c is created" in done.stdout, done.stdout + done.stderr
        again = world.duet.command("doctor", path, "--create-keys")
        assert again.returncode == 0 and "was there already" in again.stdout, again.stdout
        world.start({"Account": {"fields": [*fields, "Duet_Id__c"], "access": "read_write", "upsert": "Duet_Id__c"}})
        world.db.rows("INSERT INTO salesforce.account (name) VALUES ('with a key')")
        wait.until("the Id", lambda: world.db.value("SELECT sfid FROM salesforce.account"))
        world.settle()
        record, = world.org.living("Account").values()
        assert record["Duet_Id__c"] == world.db.value("SELECT duet_id__c FROM salesforce.account") and record["Duet_Id__c"], record
