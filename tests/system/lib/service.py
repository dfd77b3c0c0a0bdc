"""duet as tests use it: its commands with their exit codes, `serve` with its whole log, kill -9, and its HTTP API."""

import http.client
import json
import os
import re
import signal
import subprocess
import urllib.parse

import wait
from process import Program
from product import TOKEN, Duet, mapping_file

COMMAND_SECONDS = 120


class LoggedProgram(Program):
    """Keeps every line that the program wrote to standard error."""

    def __init__(self, command, log):
        self.log = log
        super().__init__(command)

    def _read_errors(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip())
            self.tail = self.log[-30:]


class Service(Duet):
    """`log` holds what every `serve` wrote, over restarts."""

    def __init__(self, org, database_url, **settings):
        super().__init__(org, database_url)
        self.log = []
        for key, value in settings.items():
            self.configure(f"engine.{key}", value)

    def configure(self, key, value):
        """Sets a key of the connection, or of another table of the file that has it, in duet.toml; None removes it."""
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        line = "" if value is None else f"{key} = {json.dumps(value)}\n"
        text, found = re.subn(rf"^{re.escape(key)} = .*\n", lambda _: line, text, flags=re.M)
        if not found:
            text += line
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def command(self, *arguments, seconds=COMMAND_SECONDS):
        """A finished command: returncode, stdout, stderr."""
        return subprocess.run([self.program_path, *arguments, "--config", self.config], capture_output=True, text=True,
                              check=False, timeout=seconds)

    def command_json(self, *arguments):
        return json.loads(self.command(*arguments, "--json").stdout)

    def write_mapping(self, objects, name="mapping.json"):
        """The mapping file's path. `objects` as in mapping_file(), also with Duet's own keys, and "policies" by field; or the file's whole content."""
        path = os.path.join(self.folder, name)
        content = objects if "mappings" in objects else mapping_file(objects)
        for mapping in content["mappings"]:
            wanted = objects.get(mapping["object_name"], {})
            mapping["config"] |= {key: wanted[key] for key in ("conflict", "delete", "ordered", "groups", "match") if key in wanted}
            for field, policy in wanted.get("policies", {}).items():
                mapping["config"]["fields"][field] = {"conflict": policy}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
        return path

    def load(self, objects):
        """Imports and waits until all is loaded; serve must run."""
        done = self.command("import", self.write_mapping(objects), "--wait", seconds=600)
        if done.returncode != 0:
            raise AssertionError(f"duet import: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def launch(self):
        """Starts serve and does not wait."""
        self.program = LoggedProgram([self.program_path, "serve", "--config", self.config], self.log)

    def start(self):
        self.launch()
        wait.until("duet serve answering", self._answers)

    def _answers(self):
        self.program.check()
        try:
            return self.get("/healthz")
        except OSError:
            return None

    def kill9(self):
        self.program.process.send_signal(signal.SIGKILL)
        self.program.process.wait()
        self.program.stop()

    def stop(self):
        """SIGTERM; the exit status."""
        self.program.stop()
        return self.program.process.returncode

    def ended(self, seconds=30):
        """The exit status of a serve that ends by itself."""
        return self.program.process.wait(seconds)

    def http(self, path, *, method="GET", token=TOKEN, host=None):
        """(status, body) of a request to the API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if host is not None:
            headers["Host"] = host
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def call(self, method, path, body=None, *, token=TOKEN, headers=()):
        """(status, JSON or text, headers) of a request with a JSON body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {} if token is None else {"Authorization": f"Bearer {token}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {**sent, **dict(headers)})
            response = connection.getresponse()
            text = response.read().decode()
            is_json = response.headers.get("Content-Type", "").startswith("application/json") and text
            return response.status, json.loads(text) if is_json else text, response.headers
        finally:
            connection.close()

    def post(self, path, body=None):
        """The JSON of a POST that must succeed."""
        status, answer, _ = self.call("POST", path, {} if body is None else body)
        assert status in (200, 201, 204), (path, status, answer)
        return answer

    def issues(self, **filters):
        """Issues that the API lists, newest first."""
        return self.api("/api/v1/issues?" + urllib.parse.urlencode({"limit": 500, **filters}))["issues"]

    def api(self, path):
        return json.loads(self.get(path))

    def mapping_status(self, object_name):
        return next(one for one in self.status()["mappings"] if one["object"] == object_name)

    def log_text(self):
        return "\n".join(self.log)
