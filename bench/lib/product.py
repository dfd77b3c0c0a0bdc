"""duet with a configuration of its own: imports a mapping and serves."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from process import Program, find_program

LOAD_SECONDS = 1800
TOKEN = "bench-token-0123456789abcdef0123456789abcdef"


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mapping_file(objects):
    """Heroku Connect's export format. `objects`: name -> {"fields": […], "access": …, "upsert": …, "indexes": […]}."""
    mappings = []
    for name, wanted in objects.items():
        config = {
            "access": wanted.get("access", "read_only"),
            "sf_polling_seconds": 600,
            "fields": {field: {} for field in wanted["fields"]},
            "indexes": {"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
        }
        if "upsert" in wanted:
            config["upsert_field"] = wanted["upsert"]
            config["indexes"][wanted["upsert"]] = {"unique": True}
        mappings.append({"object_name": name, "config": config})
    return {"version": 1, "mappings": mappings}


class Duet:
    """`duet serve` on one connection between an Orgsim and a database. Use as a context manager, then start()."""

    def __init__(self, orgsim, database_url, extra=""):
        self.program_path = find_program("duet")
        self.folder = tempfile.mkdtemp(prefix="duet-bench-")
        self.port = _free_port()
        self.config = os.path.join(self.folder, "duet.toml")
        self.program = None
        ready = orgsim.ready
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f'''[server]
listen = "127.0.0.1:{self.port}"
token = "{TOKEN}"

[[connection]]
name = "main"
salesforce.login_url = "{orgsim.http_url}"
salesforce.auth = "password"
salesforce.client_id = "{ready['client_id']}"
salesforce.client_secret = "{ready['client_secret']}"
salesforce.username = "{ready['username']}"
salesforce.password = "{ready['password']}"
salesforce.security_token = "{ready['security_token']}"
salesforce.pubsub = "{ready['grpc']}"
salesforce.pubsub_plaintext = true
postgres.url = "{database_url}"
{extra}
''')
        os.chmod(self.config, 0o600)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.program:
            self.program.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *arguments):
        """A command of duet; its output. An exit status other than 0 is an error."""
        done = subprocess.run([self.program_path, *arguments, "--config", self.config], capture_output=True, text=True,
                              check=False, timeout=LOAD_SECONDS)
        if done.returncode != 0:
            raise RuntimeError(f"duet {arguments[0]}: status {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def import_mapping(self, objects):
        path = os.path.join(self.folder, "mapping.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(mapping_file(objects), file)
        return self.run("import", path)

    def start(self):
        self.program = Program([self.program_path, "serve", "--config", self.config])
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            self.program.check()
            try:
                self.get("/healthz")
                return
            except OSError:
                time.sleep(0.02)
        self.program.fail("does not answer")

    def get(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def status(self):
        return json.loads(self.get("/api/v1/status"))["connections"][0]

    def wait_loaded(self):
        deadline = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < deadline:
            self.program.check()
            mappings = self.status()["mappings"]
            if mappings and all(mapping["state"] == "loaded" for mapping in mappings):
                return
            time.sleep(0.05)
        raise RuntimeError(f"not loaded after {LOAD_SECONDS} s")
