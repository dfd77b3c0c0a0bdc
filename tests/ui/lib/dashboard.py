"""A world with people who may use its dashboard."""

import http.client
import json

import wait
from browser import Visitor
from product import TOKEN
from test_conflicts import apart
from world import World

PASSWORD = "correct horse battery"
ROLES = ("viewer", "operator", "admin")


class Dashboard(World):
    """A World in which a viewer, an operator and an admin, called so, can sign in once it is started."""

    def __init__(self, **options):
        super().__init__(**options)
        self._users = set()

    def start(self, objects):
        # Mappings that are there before serve is: it need not find them.
        done = self.duet.command("import", self.duet.write_mapping(objects))
        assert done.returncode == 0, done.stdout + done.stderr
        self.duet.start()
        wait.until("everything is loaded", lambda: {each["state"] for each in self.duet.status()["mappings"]} == {"loaded"}, 120)

    def add_user(self, role):
        """Once; a password's hash takes its time."""
        if role not in self._users:
            self._users.add(role)
            self.api_call("POST", "/api/v1/users", {"name": role, "role": role, "password": PASSWORD}, 201)

    def pause(self, outbound=False):
        self.api_call("POST", "/api/v1/pause", {"outbound": outbound}, 204)
        wait.equal("paused", "outbound" if outbound else "all", lambda: self.duet.status()["paused"])

    def resume(self):
        self.api_call("POST", "/api/v1/resume", {}, 204)

    def apart(self, sfid, ours, theirs):
        """Both sides change the Account while neither sees the other. For policies that do not ask which was the newer."""
        apart(self, sfid, ours, theirs, seconds=0)

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.duet.port}"

    def api_call(self, method, path, body=None, wanted=200):
        connection = http.client.HTTPConnection("127.0.0.1", self.duet.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == wanted, f"{method} {path}: HTTP {answer.status}: {text}"
            return json.loads(text) if text else None
        finally:
            connection.close()

    def visitor(self, role=None, **options):
        """Somebody at a browser; signed in when a role is named."""
        if role:
            self.add_user(role)
        visitor = Visitor(self.base_url, **options)
        if role:
            try:
                visitor.enter(role, PASSWORD)
            except BaseException:
                visitor.context.close()
                raise
        return visitor

    def issues(self, query="state=open"):
        return self.duet.api(f"/api/v1/issues?{query}&limit=500")["issues"]

    def both(self, sfid, field):
        """The field's value in the org and in the table."""
        return self.org.record("Account", sfid)[field], self.row("account", sfid)[field.lower()]
